import ChildProcess
import Foundation
import Testing

@Suite("ChildProcess that cannot start")
struct ChildProcessErrorTests {
    static let bad: [(ChildProcessRequest, ChildProcessError)] = [
        (ChildProcessRequest(program: "/no/such/program"), .noProgram("/no/such/program")),
        (
            ChildProcessRequest(program: "no-such-program", environment: ["PATH": "/usr/bin"]),
            .noProgram("no-such-program")
        ),
        (ChildProcessRequest(program: ""), .noProgram("\"\"")),
        (ChildProcessRequest(program: "/proc/self/status"), .notExecutable("/proc/self/status")),
        (ChildProcessRequest(program: "/usr"), .notExecutable("/usr")),
        (
            ChildProcessRequest(program: "/bin/true", workingDirectory: "/no/such/place"),
            .noDirectory("/no/such/place")
        ),
        (
            ChildProcessRequest(program: "/bin/true", workingDirectory: "/etc/hostname"),
            .noDirectory("/etc/hostname")
        ),
        (ChildProcessRequest(program: "/bin/true", arguments: ["a\0b"]), .badText("an argument")),
        (
            ChildProcessRequest(program: "/bin/true", environment: ["": "x"]),
            .badText("the variable \"\"")
        ),
        (
            ChildProcessRequest(program: "/bin/true", environment: ["A": "x\0"]),
            .badText("the variable \"A\"")
        ),
        (
            ChildProcessRequest(program: "/bin/true", arguments: [String(repeating: "x", count: 4 << 20)]),
            .tooLarge
        ),
    ]

    @Test("says why, and leaves nothing", arguments: bad)
    func fails(_ request: ChildProcessRequest, _ error: ChildProcessError) async throws {
        let harness = try ChildHarness()
        let outcome = await harness.run(request)
        #expect(outcome.error == error)
        #expect(outcome.ends.isEmpty)
        #expect(error.reason.count > 10)
        // Ends only when no handle is left.
        harness.close()
    }
}
