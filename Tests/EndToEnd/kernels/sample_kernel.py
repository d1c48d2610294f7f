#!/usr/bin/env python3
"""A small agent for tests and for the demo: `LEDGER_KERNEL=command:python sample_kernel.py`.

It reads a message from standard input and speaks the records of `claude -p --output-format stream-json`
(docs/kernels.md). Its model calls are real ones, made with the `anthropic` package, which finds the Proxy
and the user's key in ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY; each carries the dispatch's identifier, so
that the ledger can tell whose they are.

A message of nothing but the words below steers it; `calls=2 die` makes two calls, then dies. In any other
message only those with `=` count, so that nobody kills it by the way. The calls come before what goes wrong:

    calls=N           makes N calls (1 when no other word below is there, else none)
    tool              uses a tool
    partial           tells its text in pieces (stream_event records) before the whole
    slow              takes a pause of 0.2 s between ten pieces of text; slow=S: of S seconds
    direct            makes no call but reports usage and cost of two models, as an agent with keys of its own
    error_max_turns   ends with this error, which has cost what it has cost
    zombie            leaves a process behind that holds its standard output open
    linger            gives its result and stays
    stubborn          ignores SIGTERM
    hang              falls silent for ever
    die               exits with status 3, without a result
    kill              kills itself with SIGKILL
    flood             prints records for ever; floodline: one line for ever
    garbage           prints a line that is no record
    halfline          ends in the middle of a record
    badutf8           prints a record that is not UTF-8

KERNEL_MODEL names the model when the dispatch names none.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal

DEFAULT_MODEL = "claude-sonnet-4-5"
# Dollars for a million tokens: this agent's own idea of prices, as agents have one.
INPUT_PRICE, OUTPUT_PRICE = Decimal(3), Decimal(15)
FAULTS = ("hang", "die", "kill", "flood", "floodline", "garbage", "halfline", "badutf8")

OTHERS = ("tool", "direct", "zombie", "error_max_turns")
WORDS = {*FAULTS, *OTHERS, "calls", "slow", "partial", "linger", "stubborn"}


class Agent:
    """One run."""

    def __init__(self, message: str):
        self.values = dict(re.findall(r"\b(calls|slow)=([0-9.]+)", message))
        self.words = {word.partition("=")[0] for word in message.split()}
        if not self.words <= WORDS:
            self.words = set(self.values)
        self.message = message
        self.session = os.environ.get("DISPATCH_SESSION_ID", "")
        self.model = os.environ.get("DISPATCH_MODEL") or os.environ.get("KERNEL_MODEL") or DEFAULT_MODEL
        self.totals: dict[str, dict[str, int]] = {}
        self.answer = ""

    def run(self) -> int:
        if "stubborn" in self.words:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(type="system", subtype="init", session_id=self.session, model=self.model, tools=["Read"])
        if "tool" in self.words:
            self.use_tool()
        if "slow" in self.words:
            self.talk_slowly(float(self.values.get("slow", "0.2")))
        for number in range(self.calls()):
            error = self.call(number)
            if error is not None:
                status = getattr(error, "status_code", None)
                self.result(is_error=True, api_error_status=status, result=reason(error))
                return 1
        for fault in FAULTS:
            if fault in self.words:
                return self.fail(fault)
        if "direct" in self.words:
            self.count("claude-sonnet-4-5", inputTokens=1000, outputTokens=200, cacheReadInputTokens=5000)
            self.count("claude-haiku-4-5", inputTokens=300, outputTokens=50)
            self.say_text("Worked out without the Proxy.")
        if "zombie" in self.words:
            subprocess.Popen(["sleep", "600"])
        if "error_max_turns" in self.words:
            self.result(subtype="error_max_turns", is_error=True, errors=["Reached the maximum of turns"])
            return 1
        self.result(result=self.answer)
        if "linger" in self.words:
            time.sleep(600)
        return 0

    def calls(self) -> int:
        other = {*FAULTS, *OTHERS, "slow"} & self.words
        return int(float(self.values.get("calls", 0 if other else 1)))

    def call(self, number: int):
        """Asks the model once; returns the API's error, if it gave one."""
        # Late, as it takes a second: what makes no calls shall be quick.
        import anthropic

        client = anthropic.Anthropic(
            default_headers={
                "x-dispatch-id": os.environ.get("DISPATCH_ID", ""),
                "x-session-id": self.session,
            },
            max_retries=0,
        )
        question = f"({number + 1}) {self.message}"
        try:
            with client.messages.stream(
                model=self.model, max_tokens=256, messages=[{"role": "user", "content": question}]
            ) as stream:
                answer = stream.get_final_message()
        except anthropic.APIError as error:
            return error
        usage = answer.usage
        text = "".join(block.text for block in answer.content if block.type == "text")
        self.say_text(text, answer.id, answer.model, usage.input_tokens, usage.output_tokens)
        self.count(
            answer.model,
            inputTokens=usage.input_tokens,
            outputTokens=usage.output_tokens,
            cacheReadInputTokens=usage.cache_read_input_tokens or 0,
            cacheCreationInputTokens=usage.cache_creation_input_tokens or 0,
        )
        return None

    def say_text(self, text: str, identifier="msg_sample", model=None, input_tokens=0, output_tokens=0):
        self.answer += text
        start = {"id": identifier, "model": model or self.model}
        if "partial" in self.words:
            say(type="stream_event", event={"type": "message_start", "message": start})
            for piece in re.findall(r"\S+\s*", text):
                delta = {"type": "text_delta", "text": piece}
                say(type="stream_event", event={"type": "content_block_delta", "index": 0, "delta": delta})
        usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
        content = [{"type": "text", "text": text}]
        say(type="assistant", message={**start, "content": content, "usage": usage}, session_id=self.session)

    def use_tool(self):
        tool = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "README.md"}}
        message = {"id": "msg_tool", "model": self.model, "content": [tool]}
        say(type="assistant", message=message, session_id=self.session)
        answer = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "…"}
        say(type="user", message={"role": "user", "content": [answer]}, session_id=self.session)

    def talk_slowly(self, pause_seconds: float):
        for number in range(10):
            self.say_text(f"piece {number + 1} ", f"msg_slow_{number}")
            time.sleep(pause_seconds)

    def count(self, model: str, **tokens: int):
        totals = self.totals.setdefault(model, {})
        for name, count in tokens.items():
            totals[name] = totals.get(name, 0) + count

    def result(self, subtype: str = "success", is_error: bool = False, **more):
        cost = sum(
            totals.get("inputTokens", 0) * INPUT_PRICE + totals.get("outputTokens", 0) * OUTPUT_PRICE
            for totals in self.totals.values()
        )
        say(
            type="result",
            subtype=subtype,
            is_error=is_error,
            session_id=self.session,
            total_cost_usd=float(cost / 1_000_000),
            modelUsage={model: {**totals, "provider": "firstParty"} for model, totals in self.totals.items()},
            **more,
        )

    def fail(self, fault: str) -> int:
        match fault:
            case "hang":
                time.sleep(600)
            case "die":
                print("the agent gives up", file=sys.stderr)
                return 3
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "flood":
                while True:
                    say(type="user", message={"content": "x" * 100_000})
            case "floodline":
                while True:
                    sys.stdout.write("x" * 100_000)
            case "garbage":
                print("Traceback: this is no record", flush=True)
                time.sleep(600)
            case "halfline":
                sys.stdout.write('{"type":"result","subtype":"succ')
                sys.stdout.flush()
            case "badutf8":
                sys.stdout.buffer.write(b'{"type":"assistant","text":"\xff\xfe"}\n')
                sys.stdout.flush()
                time.sleep(600)
        return 0


def reason(error) -> str:
    """The API's own words, where it gave some."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    return inner.get("message", error.message) if isinstance(inner, dict) else error.message


def say(**record):
    """Prints one record."""
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    sys.exit(Agent(sys.stdin.read()).run())
