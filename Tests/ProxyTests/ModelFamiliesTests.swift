import LedgerCore
import LedgerRuntime
import TestSupport
import Synchronization
import Testing

@testable import Proxy

@Suite("ModelFamilies")
struct ModelFamiliesTests {
    static let pairs: [(provider: String, asked: String, answered: String, differ: Bool)] = [
        ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", false),
        ("anthropic", "claude-sonnet-4-5", "claude-haiku-4-5-20251001", true),
        ("openai", "gpt-4o", "gpt-4o-mini-2024-07-18", true),
        ("openai", "gpt-4o", "gpt-4o-2024-08-06", false),
        ("gemini", "gemini-2.5-flash-latest", "gemini-2.5-flash", false),
        ("gemini", "gemini-2.5-pro", "gemini-2.5-pro-preview-06-05", false),
        ("openai", "gpt-unheard-of", "gpt-unheard-of-2026-01-01", false),
        ("openai", "gpt-unheard-of", "gpt-4o", true), ("openai", "gpt-4o", "somebody-elses", true),
    ]

    @Test("two names of one model are one family", arguments: pairs)
    func differ(_ test: (provider: String, asked: String, answered: String, differ: Bool)) throws {
        let call = CallIdentity(
            callID: UniqueID(bits: 1), user: try #require(UserID("ann")), source: "proxy",
            provider: test.provider, model: test.answered, api: "messages")
        let event = CallSettled(
            call: call, requestModel: test.asked, result: .ok, status: 200, usageSource: .providerFinal,
            cost: .priced(.zero), priceBook: "b", durationMilliseconds: 1)
        let families = try #require(ModelFamilies(event, in: try PriceBookFile.embedded()))
        #expect(families.differ == test.differ, "\(test.asked) \(test.answered)")
    }

    @Test("an answer from another model is counted, by names of the price book, and priced as what it is")
    func counted() throws {
        let answers = Shared(["claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001", "claude-invented"])
        let proxy = try ProxyFixture { connection in
            while connection.request() != nil {
                let model = answers.next()
                connection.send(
                    Samples.whole(
                        #"{"id":"m","type":"message","model":"\#(model)","stop_reason":"end_turn","content":[],"#
                            + #""usage":{"input_tokens":1000,"output_tokens":200}}"#))
            }
        }
        defer { proxy.stop() }
        for _ in 0..<3 { _ = try proxy.message() }
        #expect(
            Set(try proxy.samples("proxy_model_family_mismatch_total")) == [
                #"proxy_model_family_mismatch_total{provider="anthropic",request_model="claude-sonnet-4-5",response_model="claude-haiku-4-5"} 1"#,
                #"proxy_model_family_mismatch_total{provider="anthropic",request_model="claude-sonnet-4-5",response_model="other"} 1"#,
            ])
        // 1,000 × 1 + 200 × 5 dollars a million, and one with no price at all.
        let costs = try proxy.settled(3).map(\.cost)
        #expect(costs[1] == .priced(try Money(decimal: "0.002")))
        #expect(costs[2].state == .unpriced)
    }
}

/// A list that threads take from, one after the other.
private final class Shared: Sendable {
    private let rest: Mutex<[String]>

    init(_ values: [String]) { rest = Mutex(values) }

    func next() -> String { rest.withLock { $0.removeFirst() } }
}
