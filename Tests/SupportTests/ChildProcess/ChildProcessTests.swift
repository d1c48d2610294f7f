import ChildProcess
import EventLoop
import Foundation
import Testing

@Suite("ChildProcess", .serialized)
struct ChildProcessTests {
    @Test("gets its input, gives output and errors apart, and ends with its status")
    func streams() async throws {
        let harness = try ChildHarness()
        var request = ChildHarness.shell("cat; echo wrong >&2; exit 7")
        request.input = Array(repeating: UInt8(ascii: "x"), count: 300_000)
        let outcome = await harness.run(request)
        #expect(outcome.output == request.input)
        #expect(outcome.errorText == "wrong\n")
        #expect(outcome.ends == [.exited(status: 7)])
        #expect(outcome.isGone)
        harness.close()
    }

    @Test("that reads no input ends all the same, however much there is")
    func unreadInput() async throws {
        let harness = try ChildHarness()
        var request = ChildHarness.shell("exec 0<&-; echo done")
        request.input = Array(repeating: 1, count: 1 << 20)
        let outcome = await harness.run(request)
        #expect(outcome.text == "done\n")
        #expect(outcome.ends == [.exited(status: 0)])
        harness.close()
    }

    @Test("has the environment and the directory that it is given, nothing inherited")
    func environment() async throws {
        let harness = try ChildHarness()
        let request = ChildProcessRequest(
            program: "env", environment: ["PATH": "/usr/bin:/bin", "A": "b=c d"], workingDirectory: "/usr")
        let outcome = await harness.run(request)
        #expect(Set(outcome.text.split(separator: "\n")) == ["PATH=/usr/bin:/bin", "A=b=c d"])
        var place = ChildHarness.shell("pwd")
        place.workingDirectory = "/usr"
        #expect(await harness.run(place).text == "/usr\n")
        harness.close()
    }

    @Test("has three descriptors, whatever is open here, and may open them by name")
    func descriptors() async throws {
        let harness = try ChildHarness()
        // A pipe as careless libraries make it: open across exec.
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let outcome = await harness.shell("ls /proc/self/fd | grep -cvx '[0-3]'; echo named > /dev/stdout")
        // 3 is the directory that `ls` reads.
        #expect(outcome.text == "0\nnamed\n")
        close(ends[0])
        close(ends[1])
        harness.close()
    }

    @Test("leads a session and a group of its own")
    func session() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("set -- $(cat /proc/self/stat); echo $5 $6")
        #expect(outcome.text == "\(outcome.pid) \(outcome.pid)\n")
        harness.close()
    }

    @Test("is stopped by SIGTERM though this process blocks it")
    func stops() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("echo up; exec sleep 60") { child, _ in child.stop() }
        #expect(outcome.ends == [.signalled(number: 15)])
        #expect(outcome.isGone)
        harness.close()
    }

    @Test("may say something more when it is stopped")
    func lastWords() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell(
            "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"
        ) { child, _ in child.stop() }
        #expect(outcome.text == "up\nbye\n")
        #expect(outcome.ends == [.exited(status: 3)])
        harness.close()
    }

    @Test("that ignores SIGTERM is killed with its whole group when the grace is over")
    func killed() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell(
            "trap '' TERM; (trap '' TERM; exec sleep 61) & echo $!; while :; do sleep 0.05; done"
        ) { child, _ in child.stop() }
        #expect(outcome.ends == [.signalled(number: 9)])
        let grandchild = try #require(Int32(outcome.text.split(separator: "\n")[0]))
        #expect(await ChildProcessTests.isDead(grandchild))
        harness.close()
    }

    @Test("whose own child holds the output open does not hold up its end, and nothing of it is left")
    func heldOutput() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("sleep 62 & echo $!")
        #expect(outcome.ends == [.exited(status: 0)])
        let grandchild = try #require(Int32(outcome.text.split(separator: "\n")[0]))
        #expect(await ChildProcessTests.isDead(grandchild))
        harness.close()
    }

    @Test("that left somebody in another session ends as well")
    func escapedOutput() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("setsid sleep 63 & echo $!; sleep 0.1")
        #expect(outcome.ends == [.exited(status: 0)])
        let escaped = try #require(Int32(outcome.text.split(separator: "\n")[0]))
        kill(escaped, SIGKILL)
        harness.close()
    }

    @Test("that left a silent child behind takes it along")
    func silentChild() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("sleep 64 >/dev/null 2>&1 </dev/null & echo $!")
        let grandchild = try #require(Int32(outcome.text.split(separator: "\n")[0]))
        #expect(await ChildProcessTests.isDead(grandchild))
        harness.close()
    }

    @Test("that is killed by another says by which signal")
    func killedByOther() async throws {
        let harness = try ChildHarness()
        let outcome = await harness.shell("kill -9 $$")
        #expect(outcome.ends == [.signalled(number: 9)])
        #expect(outcome.ends.first?.reason == "signal 9 (killed, perhaps for want of memory)")
        harness.close()
    }

    @Test("a hundred at a time leave no descriptor behind")
    func many() async throws {
        let harness = try ChildHarness()
        _ = await harness.shell("true")
        let before = try Self.descriptorsOpen()
        await withTaskGroup(of: ChildHarness.Outcome.self) { group in
            for number in 0..<100 { group.addTask { await harness.shell("cat; echo \(number)") } }
            var texts: Set<String> = []
            for await outcome in group {
                texts.insert(outcome.text)
                #expect(outcome.isGone)
            }
            #expect(texts.count == 100)
        }
        // Other suites open and close theirs meanwhile.
        #expect(try Self.descriptorsOpen() < before + 100)
        harness.close()
    }

    static func descriptorsOpen() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// Whether the process is gone, or only waits for its parent to notice: one that lost its own is reaped
    /// by the first process, whenever that gets to it.
    static func isDead(_ pid: Int32) async -> Bool {
        for _ in 0..<200 {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
                return true
            }
            if stat.contains(") Z ") { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
