import LedgerCore
import Proxy
import TestSupport
import Testing

@Suite("Proxy routes of reconciliations")
struct ProxyReconciliationTests {
    private let admin = ["authorization: Bearer \(ProxyFixture.adminToken)"]
    private static let hash = String(repeating: "5f2a", count: 16)

    private static func body(_ change: (String, String) = ("", "")) -> String {
        let text =
            #"{"provider":"openai","report":"openrouter_activity","sha256":"\#(hash)","#
            + #""from":"2024-11-01","to":"2024-11-03","tokens":{"ledger":7,"provider":8},"#
            + #""costUsd":{"ledger":"0.015000000000000001","provider":0.03},"#
            + #""rows":3,"rowsDiffering":2,"reason":"the month's close"}"#
        guard !change.0.isEmpty else { return text }
        return text.split(separator: change.0, omittingEmptySubsequences: false).joined(separator: change.1)
    }

    @Test("a result is recorded once and listed to the last digit", arguments: Transport.allCases)
    func record(_ transport: Transport) throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        func send(_ method: String, _ body: String = "") throws -> (status: Int, text: String) {
            try proxy.send(method, "/reconciliations", headers: admin, body, over: transport)
        }
        #expect(try send("GET").text == #"{"reconciliations":[]}"#)
        let first = try send("POST", Self.body())
        #expect(first.status == 201)
        #expect(first.text == #"{"position":2,"new":true}"#)
        _ = try proxy.message()
        let again = try send("POST", Self.body(("the month's close", "by hand")))
        #expect(again.status == 200)
        #expect(again.text == #"{"position":2,"new":false}"#)
        #expect(try proxy.events().count { $0.type == .usageReconciled } == 1)
        let listed = try send("GET").text
        #expect(listed.hasPrefix(#"{"reconciliations":[{"position":2,"recordedAt":""#))
        #expect(
            listed.hasSuffix(
                #"Z","by":"admin","provider":"openai","report":"openrouter_activity","sha256":"\#(Self.hash)","#
                    + #""from":"2024-11-01","to":"2024-11-03","tokens":{"ledger":7,"provider":8},"#
                    + #""costUsd":{"ledger":0.015000000000000001,"provider":0.03},"#
                    + #""rows":3,"rowsDiffering":2,"reason":"the month's close"}]}"#))
    }

    static let wrong: [(String, String)] = [
        ("{\"provider\":\"openai\",", "{"), ("\"openai\"", "\"open ai\""), ("openrouter_activity", "bill"),
        (hash, "5f2a"), ("2024-11-01", "2024-11-31"), ("2024-11-03", "2024-11-01"),
        ("2024-11-03", "2126-11-03"), ("2024-11-01", "2126-11-01"), ("\"ledger\":7", "\"ledger\":-7"),
        ("\"ledger\":7", "\"ledger\":7.5"), ("\"ledger\":7,", ""),
        ("\"ledger\":7", "\"ledger\":7,\"more\":1"),
        ("{\"ledger\":7,\"provider\":8}", "[7,8]"), ("\"provider\":8", "\"provider\":9223372036854775807"),
        ("0.03", "-0.03"), ("0.03", "3e2"), ("0.03", "1000000000000001"), ("0.03", "\"much\""),
        ("\"rows\":3,", ""), ("\"rows\":3", "\"rows\":1"), ("\"rowsDiffering\":2", "\"rowsDiffering\":-1"),
        ("\"rows\":3", "\"rows\":3,\"rows\":4"), ("\"ledger\":7", "\"ledger\":7,\"ledger\":8"),
        ("\"ledger\":\"0.015", "\"ledger\":1,\"ledger\":\"0.015"),
        ("\"reason\"", "\"why\""), ("the month's close", ""), ("the month's close", "a\\nb"),
        ("the month's close", String(repeating: "x", count: 201)), ("\"the month's close\"", "null"),
    ]

    @Test(
        "what is no result, or cannot be so, is refused and nothing is recorded",
        arguments: Transport.allCases)
    func refused(_ transport: Transport) throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        for change in Self.wrong {
            let answer = try proxy.send(
                "POST", "/reconciliations", headers: admin, Self.body(change), over: transport)
            #expect(answer.status == 400, "\(change)")
            #expect(answer.text.contains(#""title":"Not a result""#), "\(change)")
        }
        for body in ["", "[]", "{", "{}"] {
            let answer = try proxy.send("POST", "/reconciliations", headers: admin, body, over: transport)
            #expect(answer.status == 400)
        }
        for method in ["GET", "POST"] {
            let answer = try proxy.send(
                method, "/reconciliations", headers: ["x-api-key: \(try ProxyFixture.key("ann"))"],
                method == "GET" ? "" : Self.body(), over: transport)
            #expect(answer.status == 401)
        }
        #expect(try proxy.events().allSatisfy { $0.type != .usageReconciled })
    }

    @Test("while the journal cannot be written, a result is refused with 503, and later it is recorded")
    func unavailable() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        proxy.files.fail(.sync, errno: 5)
        let answer = try proxy.send("POST", "/reconciliations", headers: admin, Self.body())
        #expect(answer.status == 503 && answer["retry-after"] == "1")
        proxy.files.heal()
        var later = 503
        try eventually {
            later = try proxy.send("POST", "/reconciliations", headers: admin, Self.body()).status
            return later != 503
        }
        #expect(later == 201)
    }
}
