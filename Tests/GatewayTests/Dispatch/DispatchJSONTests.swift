import JSON
import LedgerCore
import Testing

@testable import Gateway

@Suite("DispatchJSON")
struct DispatchJSONTests {
    private func text(
        _ cost: Cost, result: CallResult = .ok, reason: String? = nil, message: String? = nil,
        _ change: (inout DispatchCompleted) -> Void = { _ in }
    ) throws -> String {
        let identity = DispatchIdentity(
            dispatchID: UniqueID(bits: 1), user: try #require(UserID("ann")), source: "web", kernel: "command"
        )
        var completed = DispatchCompleted(
            dispatch: identity, billing: .proxied, result: result, reason: reason,
            usageSource: .providerFinal, cost: cost, priceBook: "", durationMilliseconds: 7)
        change(&completed)
        let bytes = JSONText.object {
            DispatchJSON.writeResult(completed, text: "a \"b\"", message: message, to: &$0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a run's end has its money to the last digit")
    func priced() throws {
        let text = try text(.priced(Money(attos: 1))) {
            $0.model = "m"
            $0.calls = 3
            $0.toolsUsed = ["Bash", "Read"]
        }
        #expect(
            text
                == #"{"dispatchId":"00000000-0000-0000-0000-000000000001","sessionId":null,"result":"ok","#
                + #""costUsd":0.000000000000000001,"costState":"priced","billing":"proxied","tokensIn":0,"#
                + #""tokensOut":0,"model":"m","calls":3,"toolsUsed":["Bash","Read"],"durationMs":7,"#
                + #""text":"a \"b\""}"#)
    }

    @Test("a cost that is not known is null, and what failed says why")
    func unpriced() throws {
        let text = try text(
            .unpriced(holding: Money(attos: 5)), result: .error, reason: "kernel_exit", message: "It ended.")
        #expect(
            text.contains(#""result":"error","reason":"kernel_exit","message":"It ended.","costUsd":null,"#))
        #expect(text.contains(#""costState":"unpriced""#))
        #expect(text.contains(#""model":null"#))
    }

    @Test("an estimate is a number, and says that it is one")
    func estimated() throws {
        let text = try text(.estimated(Money(attos: 2 * Money.attosPerDollar)))
        #expect(text.contains(#""costUsd":2,"costState":"estimated""#))
    }
}
