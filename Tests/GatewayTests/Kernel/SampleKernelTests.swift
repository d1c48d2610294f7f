import Foundation
import Gateway
import LedgerCore
import Testing

/// The sample kernel as the Gateway runs it, without the calls: those need the whole house.
@Suite("Sample kernel", .serialized)
struct SampleKernelTests {
    static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("EndToEnd/kernels/sample_kernel.py").path

    private func run(_ message: String) async throws -> KernelHarness.Outcome {
        let harness = try KernelHarness()
        var limits = KernelHarness.limits
        limits.idleTimeoutMilliseconds = message.contains("hang") ? 2_000 : 10_000
        limits.outputBytesMax = 20 << 20
        let kernel = await harness.makeKernel { [limits] loop, _ in
            CommandKernel(
                on: loop, command: ["python3", Self.path], inherited: ["PATH": "/usr/bin:/bin"],
                limits: limits)
        }
        let outcome = await harness.run(kernel, KernelHarness.task(message))
        harness.close()
        return outcome
    }

    static let words: [(String, KernelFailure.Code?)] = [
        ("hang", .hang), ("hang stubborn", .hang), ("die", .exit), ("kill", .exit), ("flood", .flood),
        ("floodline", .flood), ("garbage", .garbled), ("halfline", .garbled), ("badutf8", .garbled),
        ("zombie", nil), ("direct linger stubborn", nil), ("direct error_max_turns", .reported),
        ("tool", nil), ("slow=0 partial", nil),
    ]

    @Test("ends as its word says", arguments: words)
    func ends(_ message: String, _ code: KernelFailure.Code?) async throws {
        let outcome = try await run(message)
        #expect(outcome.code == code, "\(outcome.message)")
        #expect(outcome.ends.count == 1)
        #expect(outcome.events.first == .ready(model: "claude-sonnet-4-5"))
    }

    @Test("reports two models and a cost when it works without the Proxy")
    func direct() async throws {
        let end = try await run("direct").end
        #expect(end.usage?.map(\.model) == ["claude-sonnet-4-5", "claude-haiku-4-5"])
        #expect(end.usage?.first?.usage.cacheRead == 5000)
        #expect(end.reportedCost == (try Money(decimal: "0.00765")))
    }

    @Test("tells its text once, in pieces or whole")
    func text() async throws {
        let whole = try await run("slow=0")
        let pieces = try await run("slow=0 partial")
        #expect(whole.text == pieces.text)
        #expect(whole.text.hasPrefix("piece 1 piece 2 "))
        #expect(pieces.events.count > whole.events.count)
    }
}
