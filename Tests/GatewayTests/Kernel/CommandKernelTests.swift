import Foundation
import Gateway
import LedgerCore
import Testing

@Suite("CommandKernel", .serialized)
struct CommandKernelTests {
    @Test("Text, tools, usage and cost of a run are told")
    func wholeRun() async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python(
            """
            say(type="system", subtype="init", model="claude-x")
            say(type="assistant", message={"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 10,
                "output_tokens": 1}, "content": [{"type": "text", "text": sys.stdin.read().upper()}]})
            say(type="assistant", message={"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 10,
                "output_tokens": 5}, "content": [{"type": "tool_use", "name": "Read", "input": {"a": 1}}]})
            say(type="user", message={"content": []})
            result()
            """, task: KernelHarness.task("grüße 👋"))
        #expect(
            outcome.events == [
                .ready(model: "claude-x"), .text("GRÜSSE 👋"), .tool(name: "Read", input: #"{"a": 1}"#),
            ])
        #expect(outcome.ends.count == 1)
        #expect(outcome.end.failure == nil)
        #expect(outcome.end.text == "done")
        #expect(outcome.end.reportedCost == Money(attos: Money.attosPerDollar / 4))
        #expect(
            outcome.end.usage == [KernelUsage(provider: "anthropic", model: "claude-x", usage: used(10, 5))])
        #expect(outcome.end.providerRequestID == "msg_1")
        harness.close()
    }

    @Test("The program gets what its agent needs and nothing of the house")
    func environment() async throws {
        let harness = try KernelHarness()
        let inherited = [
            "PATH": "/usr/bin:/bin", "HOME": "/root", "KERNEL_COLOUR": "red", "LEDGER_ADMIN_TOKEN": "secret",
            "ANTHROPIC_API_KEY": "sk-ant-house", "PGPASSWORD": "secret", "GEMINI_API_KEY": "secret",
        ]
        let folder = harness.folder.path
        let kernel = await harness.makeKernel { loop, _ in
            CommandKernel(
                on: loop,
                command: [
                    "python3", "-S", "-c",
                    KernelHarness.prelude
                        + "result(result=json.dumps(dict(os.environ) | {'cwd': os.getcwd()}))",
                ], inherited: inherited, workingDirectory: folder)
        }
        let outcome = await harness.run(
            kernel, KernelHarness.task(session: "s 1", model: "m-1", proxyURL: "http://proxy"))
        let text = try #require(outcome.end.text)
        var seen = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        // Python's own.
        seen["LC_CTYPE"] = nil
        let id = "01930000-0000-7000-8000-000000000001"
        #expect(
            seen == [
                "PATH": "/usr/bin:/bin", "HOME": "/root", "KERNEL_COLOUR": "red", "cwd": folder,
                "ANTHROPIC_BASE_URL": "http://proxy", "ANTHROPIC_API_KEY": "sk-proxy-alice.secret",
                "OPENAI_BASE_URL": "http://proxy/v1", "OPENAI_API_KEY": "sk-proxy-alice.secret",
                "DISPATCH_ID": id, "DISPATCH_SESSION_ID": "s 1", "DISPATCH_USER": "alice",
                "DISPATCH_MODEL": "m-1", "ANTHROPIC_MODEL": "m-1",
                // A session's name that could break out of its header is not in one.
                "ANTHROPIC_CUSTOM_HEADERS": "x-dispatch-id: \(id)",
            ])
        harness.close()
    }

    static let broken: [(String, KernelFailure.Code, String)] = [
        ("print('hello')", .garbled, "something else than JSON"),
        ("say(type='system', subtype='init'); print('[1]')", .garbled, "no record"),
        ("sys.stdout.buffer.write(b'{\"type\":\"x\\xff\"}\\n')", .garbled, "UTF-8"),
        ("print('{\"type\":\"res', end='')", .garbled, "middle of a record"),
        ("say(type='system', subtype='init'); sys.exit(3)", .exit, "exit status 3"),
        ("sys.exit(0)", .exit, "without a result: exit status 0"),
        ("os.kill(os.getpid(), 9)", .exit, "signal 9"),
        ("print('a\\nwrong: sk-proxy-alice.secret', file=sys.stderr); sys.exit(1)", .exit, "wrong: [key]"),
        (
            "result(subtype='error_max_turns', is_error=True, result=None)", .reported, "error_max_turns"
        ),
        ("result(is_error=True, result='Bad sk-ant-1', api_error_status=500)", .reported, "Bad [key]"),
        ("result(api_error_status=429, result='The daily quota is used up')", .quota, "daily quota"),
        ("result(api_error_status=429, result='slow down')", .reported, "429: slow down"),
    ]

    @Test("A run that fails says how", arguments: broken)
    func failures(_ program: String, _ code: KernelFailure.Code, _ words: String) async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python("pid()\n" + program)
        #expect(outcome.code == code)
        #expect(outcome.message.contains(words), "\(outcome.message)")
        #expect(!outcome.message.contains("sk-"))
        #expect(KernelHarness.isGone(outcome.text))
        harness.close()
    }

    @Test("A program that is not there is told later, as a failure to start")
    func notThere() async throws {
        let harness = try KernelHarness()
        let kernel = await harness.makeKernel { loop, _ in
            CommandKernel(on: loop, command: ["/no/such/agent"])
        }
        let outcome = await harness.run(kernel, KernelHarness.task())
        #expect(outcome.code == .start)
        #expect(outcome.message.contains("/no/such/agent"))
        harness.close()
    }

    @Test("An error after work still tells what was used and what it cost")
    func errorsCost() async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python("result(subtype='error_max_turns', is_error=False)")
        #expect(outcome.code == .reported)
        #expect(outcome.end.reportedCost == Money(attos: Money.attosPerDollar / 4))
        #expect(outcome.end.usage?.first?.usage == used(10, 5))
        harness.close()
    }

    @Test("What was seen before a bad line is not lost, nor what follows it")
    func usageSurvives() async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python(
            """
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for tokens in (3, 7, 5):
                say(type="assistant", message={"id": "a", "model": "m", "usage": {"input_tokens": 20,
                    "output_tokens": tokens}, "content": []})
            print("garbage", flush=True)
            say(type="assistant", message={"id": "b", "model": "m", "usage": {"input_tokens": 1,
                "output_tokens": 1}, "content": [{"type": "text", "text": "late"}]})
            """)
        #expect(outcome.code == .garbled)
        #expect(outcome.text.isEmpty)
        #expect(outcome.end.usage == [KernelUsage(provider: "anthropic", model: "m", usage: used(21, 8))])
        harness.close()
    }

    @Test("A silent program is ended")
    func hang() async throws {
        let harness = try KernelHarness()
        var limits = KernelHarness.limits
        limits.idleTimeoutMilliseconds = 1_500
        let outcome = try await harness.python(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN); pid(); time.sleep(60)", limits: limits)
        #expect(outcome.code == .hang)
        #expect(KernelHarness.isGone(outcome.text))
        harness.close()
    }

    @Test("A program that goes on for ever is cut off, in one line or in many")
    func floods() async throws {
        let harness = try KernelHarness()
        var limits = KernelHarness.limits
        limits.recordBytesMax = 100_000
        limits.outputBytesMax = 1_000_000
        let line = try await harness.python(
            "pid()\nwhile True: sys.stdout.write('x' * 10000)", limits: limits)
        #expect(line.code == .flood)
        #expect(KernelHarness.isGone(line.text))
        let lines = try await harness.python("pid()\nwhile True: say(type='x' * 1000)", limits: limits)
        #expect(lines.code == .flood)
        #expect(KernelHarness.isGone(lines.text))
        harness.close()
    }

    @Test("A run is stopped on request")
    func stops() async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python("pid(); time.sleep(60)") { _, run in
            run.stop()
            run.stop()
        }
        #expect(outcome.code == .stopped)
        #expect(KernelHarness.isGone(outcome.text))
        harness.close()
    }

    @Test(
        "The result counts, whatever comes after it",
        arguments: ["sys.exit(5)", "print('bye')", "print('{half', end='')", "time.sleep(60)"])
    func resultCounts(_ after: String) async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python("pid(); result()\n" + after)
        #expect(outcome.end.failure == nil)
        #expect(outcome.end.text == "done")
        #expect(KernelHarness.isGone(outcome.text))
        harness.close()
    }

    @Test("A grandchild that holds the output open holds up nothing")
    func zombie() async throws {
        let harness = try KernelHarness()
        let outcome = try await harness.python(
            """
            import subprocess
            child = subprocess.Popen(["sleep", "60"])
            result(result=str(child.pid))
            """)
        #expect(outcome.end.failure == nil)
        let child = try #require(outcome.end.text)
        #expect(await isDead(child))
        harness.close()
    }

    /// Whether the process has ended; who lost its parent is reaped by the first process in its own time.
    private func isDead(_ pid: String) async -> Bool {
        for _ in 0..<200 {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                !stat.contains(") Z ")
            else { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

/// A usage of input and output.
func used(_ input: Int64, _ output: Int64) -> Usage {
    var usage = Usage()
    usage.input = input
    usage.output = output
    return usage
}
