"""The web shell in a real browser: what it shows is what the journal, PostgreSQL and /metrics hold."""

import re
import secrets
import shlex
import sys
from decimal import Decimal

import pytest
import requests
from processes import wait_until

KERNEL = "messages:claude-sonnet-4-6"
PROMPT = "Tell me one true thing about ledgers, and `mark` it."
# An agent that speaks stream-json: it uses a tool, answers piece by piece, and on request never ends.
AGENT = r"""
import json, sys, time
prompt = sys.stdin.read()
def say(**record): print(json.dumps(record), flush=True)
def content(*blocks):
    say(type="assistant", message={"id": "msg_1", "role": "assistant", "model": "claude-sonnet-4-6",
        "content": blocks, "usage": {"input_tokens": 1000, "output_tokens": 200}})
say(type="system", subtype="init", session_id="s", model="claude-sonnet-4-6", tools=["Bash"])
content({"type": "text", "text": "First, a look."})
content({"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls <b>logs</b>", "limit": 5}})
content({"type": "text", "text": "Piece one <img src=x onerror=alert(1)> **bold** and\n\n"})
content({"type": "text", "text": "```swift\nlet a = 1\n"})
end = time.monotonic() + (60 if "forever" in prompt else 0.5)
while time.monotonic() < end:
    content({"type": "text", "text": "let more = 2\n"})
    time.sleep(0.1)
content({"type": "text", "text": "```\nPiece two."})
say(type="result", subtype="success", is_error=False, result="Piece two.", total_cost_usd=0.006,
    usage={"input_tokens": 1000, "output_tokens": 200})
"""


@pytest.fixture
def shell_ledger(make_ledger, cluster):
    """A ledger whose agent is one model call through the proxy, answered by the simulator."""
    return make_ledger(postgres_url=cluster.create_database(), environment={"LEDGER_KERNEL": KERNEL})


@pytest.fixture
def agent_ledger(make_ledger, folder):
    """A ledger whose agent is a program of this test, and which takes alerts."""
    program = folder / "agent.py"
    program.write_text(AGENT)
    return make_ledger(
        environment={
            "LEDGER_KERNEL": f"command:{shlex.join([sys.executable, str(program)])}",
            "ALERT_WEBHOOK_SECRET": secrets.token_hex(16),
        }
    )


def completed(ledger, count: int = 1) -> list[dict]:
    """The ends of dispatches, once there are this many."""

    def ended() -> list[dict] | None:
        found = ledger.events("dispatch.completed")
        return found if len(found) >= count else None

    found = wait_until(ended, 20, f"{count} completed dispatches", ledger.process)
    assert len(found) == count
    return found


def written_cost(line: bytes) -> str:
    """The digits of `costUsd`, as the journal has them."""
    found = re.search(rb'"costUsd":([0-9.]+)', line)
    assert found, line
    return found[1].decode()


def post_alert(ledger, status: str, name: str = "HighCostRate") -> None:
    ends = "2026-11-24T22:05:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    alert = {
        "status": status,
        "labels": {"alertname": name, "severity": "critical"},
        "annotations": {"summary": f"{name}: <i>alice</i> spends too fast."},
        "startsAt": "2026-11-24T22:00:00Z",
        "endsAt": ends,
        "fingerprint": name.encode().hex()[:16],
    }
    body = {
        "version": "4",
        "groupKey": "{}",
        "status": status,
        "receiver": "shell",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://localhost",
        "alerts": [alert],
    }
    secret = ledger.environment["ALERT_WEBHOOK_SECRET"]
    answer = requests.post(
        f"{ledger.gateway_url}/api/alert",
        json=body,
        headers={"authorization": f"Bearer {secret}"},
        timeout=10,
    )
    assert answer.ok, f"{answer.status_code} {answer.text}"


def test_a_message_typed_into_the_page_is_one_cost_everywhere(shell_ledger, open_tab):
    ledger = shell_ledger
    tab = open_tab(ledger.gateway_url).sign_in(ledger.mint_key("alice"))
    assert "#" not in tab.page.url, "the key stays in the address bar"
    assert tab.today() == "0"
    # The field has the focus: from here on, the keyboard alone.
    tab.send(PROMPT)
    answer = tab.wait_answer()
    assert "ledgers" in answer.text
    assert answer.tags == []

    [event] = completed(ledger)
    assert (event["source"], event["user"], event["result"]) == ("web", "alice", "ok")
    assert event["billing"] == "proxied"
    assert event["prompt"] == PROMPT
    [line] = [line for line in ledger.lines() if b'"type":"dispatch.completed"' in line]
    assert answer.cost == written_cost(line)
    assert answer.cost_title.startswith(f"{answer.cost} USD")
    assert f"{event['tokensIn']:,} in · {event['tokensOut']:,} out" in answer.facts
    assert "claude-sonnet-4-6" in answer.facts

    [settled] = ledger.wait_settled(1)
    assert settled["dispatchId"] == event["dispatchId"]
    assert Decimal(tab.today()) == Decimal(answer.cost) == Decimal(str(settled["costUsd"]))
    assert ledger.sample("gateway_kernel_dispatch_total", "gateway", source="web", status="ok") == 1
    ledger.wait_ingested()
    rows = ledger.sql("select line from ledger.events where type = 'dispatch.completed'")
    assert [row.encode() for (row,) in rows] == [line]
    assert ledger.run("verify", "--postgres").returncode == 0


def test_a_cost_that_is_not_known_is_loud(make_ledger, open_tab):
    ledger = make_ledger(environment={"LEDGER_KERNEL": "messages:claude-nobody-knows"})
    tab = open_tab(ledger.gateway_url).sign_in(ledger.mint_key("alice"))
    tab.send(PROMPT)
    answer = tab.wait_answer()
    assert answer.tags == ["unpriced"]
    assert not answer.has_cost
    assert "No price is known" in answer.receipt
    assert "$" not in answer.receipt
    [event] = completed(ledger)
    assert event["costState"] == "unpriced"


def test_text_and_tools_stream_in_as_text(agent_ledger, open_tab):
    tab = open_tab(agent_ledger.gateway_url).sign_in(agent_ledger.mint_key("alice"))
    tab.send("Go on")
    tab.wait_text("First, a look.")
    tab.wait_text("Piece one")
    assert tab.is_busy, "the text came only with its end"
    answer = tab.wait_answer()
    assert "<img src=x onerror=alert(1)> bold and" in answer.text
    page = tab.page
    assert page.locator("#log img").count() == 0
    assert page.locator("#log strong").inner_text() == "bold"
    assert page.locator("#log pre >> text=let more = 2").count() == 1
    tool = page.locator("#log .tool")
    assert tool.locator(".name").all_inner_texts() == ["Bash"]
    assert not tool.locator("pre").is_visible()
    # Opened from the keyboard.
    tool.locator("summary").focus()
    page.keyboard.press("Enter")
    assert '"command": "ls <b>logs</b>"' in tool.locator("pre").inner_text()
    [event] = completed(agent_ledger)
    assert event["toolsUsed"] == ["Bash"]
    assert event["billing"] == "direct"
    assert "the kernel itself says 0.006 USD" in answer.cost_title


def test_escape_stops_the_run(agent_ledger, open_tab):
    tab = open_tab(agent_ledger.gateway_url).sign_in(agent_ledger.mint_key("alice"))
    tab.send("forever")
    tab.wait_text("let more = 2")
    tab.page.keyboard.press("Escape")
    answer = tab.wait_answer()
    assert "stopped" in answer.tags
    assert "let more = 2" in answer.text, "what had come was taken away"
    [event] = completed(agent_ledger)
    assert event["result"] == "aborted"
    assert agent_ledger.sample("gateway_dispatch_queue_depth", "gateway") == 0
    # The next one runs, in the same conversation.
    tab.send("Go on")
    assert "Piece two." in tab.wait_answer().text
    first, second = completed(agent_ledger, 2)
    assert first["sessionId"] == second["sessionId"]


def test_the_keyboard_is_enough(agent_ledger, open_tab):
    tab = open_tab(agent_ledger.gateway_url, tolerates=("status of 401",))
    page = tab.page
    page.goto(f"{agent_ledger.gateway_url}/")
    page.wait_for_selector("#sign-in:visible")
    assert tab.focus == "key"
    tab.send("sk-proxy-alice.wrong")
    page.wait_for_selector("#key-problem:not(:empty)")
    # What was typed is selected: typing replaces it.
    tab.send(agent_ledger.mint_key("alice"))
    tab.wait_live()
    assert tab.focus == "text"
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    tab.send("two")
    tab.wait_answer()
    assert page.locator("#log .ask").inner_text() == "one\ntwo"
    assert page.input_value("#text") == ""
    page.keyboard.press("ArrowUp")
    assert page.input_value("#text") == "one\ntwo"
    page.keyboard.press("ArrowDown")
    assert page.input_value("#text") == ""
    page.keyboard.press("Shift+Tab")
    assert tab.focus != "text"
    page.keyboard.press("/")
    assert tab.focus == "text"
    assert page.input_value("#text") == ""
    # Signing out, by way of the menu.
    page.focus("#menu summary")
    for key in ("Enter", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#sign-in:visible")
    page.reload()
    page.wait_for_selector("#sign-in:visible")


def test_two_tabs_have_a_conversation_each(agent_ledger, open_tab):
    key = agent_ledger.mint_key("alice")
    one = open_tab(agent_ledger.gateway_url).sign_in(key)
    other = open_tab(agent_ledger.gateway_url).sign_in(key)
    assert agent_ledger.sample("gateway_ws_connections_active", "gateway") == 2
    one.send("Go on, one")
    other.send("Go on, other")
    for tab in (one, other):
        assert "Piece two." in tab.wait_answer().text
        assert tab.page.locator("#log article").count() == 1
    sessions = {event["sessionId"] for event in completed(agent_ledger, 2)}
    assert len(sessions) == 2


@pytest.mark.slow
def test_an_alert_is_in_every_open_page_and_goes_when_resolved(agent_ledger, open_tab):
    key = agent_ledger.mint_key("alice")
    tabs = [open_tab(agent_ledger.gateway_url).sign_in(key)]
    post_alert(agent_ledger, "firing")
    # One that comes later learns of it as well.
    tabs.append(open_tab(agent_ledger.gateway_url).sign_in(key))
    for tab in tabs:
        tab.page.wait_for_selector('#alerts[data-severity="critical"] >> text=1 alert: HighCostRate')
        tab.page.click("#alerts summary")
        summary = tab.page.locator("#alerts-list .summary").inner_text()
        assert summary == "HighCostRate: <i>alice</i> spends too fast."
    post_alert(agent_ledger, "resolved")
    for tab in tabs:
        tab.page.wait_for_selector('#alerts[data-severity="resolved"]')
    for tab in tabs:
        tab.page.wait_for_selector("#alerts", state="hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 1600])
def test_the_page_fits_and_is_not_blank(agent_ledger, open_tab, folder, scheme, width):
    tab = open_tab(agent_ledger.gateway_url, width=width, color_scheme=scheme)
    tab.sign_in(agent_ledger.mint_key("alice"))
    pictures = [tab.screenshot(folder / f"empty-{scheme}-{width}.png")]
    tab.send("Go on")
    tab.wait_answer()
    post_alert(agent_ledger, "firing")
    tab.page.wait_for_selector("#alerts:visible")
    pictures.append(tab.screenshot(folder / f"answer-{scheme}-{width}.png"))
    for picture in pictures:
        assert picture.width == width
        assert not picture.is_blank
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(re.findall(r"\d+", ground)[0])
    assert red > 200 if scheme == "light" else red < 60


def test_a_gateway_that_goes_and_comes_back_takes_no_text_away(agent_ledger, open_tab):
    # What the browser itself says of a server that is away.
    away = ("ERR_CONNECTION_REFUSED", "WebSocket connection to", "status of 503")
    tab = open_tab(agent_ledger.gateway_url, tolerates=away).sign_in(agent_ledger.mint_key("alice"))
    agent_ledger.stop()
    tab.page.wait_for_selector('#connection[data-state="offline"]')
    tab.send("Go on")
    assert tab.page.input_value("#text") == "Go on"
    assert "Your text stays here" in tab.page.inner_text("#note")
    agent_ledger.start()
    tab.wait_live(40)
    assert tab.page.input_value("#text") == "Go on"
    tab.page.keyboard.press("Enter")
    assert "Piece two." in tab.wait_answer().text
