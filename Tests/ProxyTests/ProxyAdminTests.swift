import LedgerCore
import Proxy
import TestSupport
import Testing

@Suite("Proxy routes of the administrator and the user")
struct ProxyAdminTests {
    private func proxy() throws -> ProxyFixture {
        try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
    }

    private let admin = ["authorization: Bearer \(ProxyFixture.adminToken)"]

    /// Who may see what: path, then the answer's status for the administrator, Ann, Bob, and nobody.
    static let matrix: [(method: String, path: String, statuses: [Int])] = [
        ("GET", "/usage/summary", [200, 401, 401, 401]),
        ("GET", "/usage/ann", [200, 200, 401, 401]),
        ("GET", "/usage/nobody", [200, 401, 401, 401]),
        ("GET", "/quotas/ann", [200, 401, 401, 401]),
        ("DELETE", "/quotas/other", [404, 401, 401, 401]),
        ("POST", "/keys/ann", [200, 401, 401, 401]),
    ]

    @Test("Each may see what is theirs; a refusal tells nothing", arguments: matrix)
    func rights(_ row: (method: String, path: String, statuses: [Int])) throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        _ = try proxy.message()
        try proxy.limit("ann", dollars: "5")
        let callers = [
            admin, ["x-api-key: \(try ProxyFixture.key("ann"))"],
            ["x-api-key: \(try ProxyFixture.key("bob"))"],
            ["authorization: Bearer \(ProxyFixture.adminToken.dropLast())"],
        ]
        var refusals: Set<String> = []
        for (caller, status) in zip(callers, row.statuses) {
            let answer = try proxy.send(row.method, row.path, headers: caller)
            #expect(answer.status == status)
            if status == 401 { refusals.insert(answer.text) }
        }
        #expect(refusals.count <= 1)
    }

    @Test("A user's usage is the ledger's, to the last digit")
    func usage() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        _ = try proxy.message()
        _ = try proxy.message()
        let answer = try proxy.send("GET", "/usage/ann", headers: admin)
        let sums =
            #"{"calls":2,"errors":0,"rejected":0,"tokensIn":2000,"tokensOut":400,"costUsd":0.012,"#
            + #""estimatedUsd":0,"unpricedCalls":0,"heldUsd":0,"dispatches":0,"failedDispatches":0,"cpuMs":0,"#
            + #""memoryMibS":0,"adjustments":0,"adjustedUsd":0}"#
        #expect(answer.text == #"{"user":"ann","day":\#(sums),"month":\#(sums),"total":\#(sums)}"#)
        let summary = try proxy.send("GET", "/usage/summary", headers: admin)
        #expect(summary.text == #"{"position":5,"users":[\#(answer.text)]}"#)
    }

    @Test("A quota is set, shown with what is used, holds at once, and is removed")
    func quotas() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let body = #"{"dailyLimitUsd":0.02,"monthlyLimitUsd":"1.5","dailyTokens":100000,"timezone":"UTC"}"#
        let set = try proxy.send("POST", "/quotas/ann", headers: admin, body)
        #expect(set.status == 200)
        #expect(set.text.contains(#""dailyLimitUsd":0.02,"monthlyLimitUsd":1.5,"dailyTokens":100000"#))
        #expect(try proxy.message().status == 429)
        _ = try proxy.send("POST", "/quotas/ann", headers: admin, #"{"dailyLimitUsd":1}"#)
        let answer = try proxy.message()
        #expect(answer.status == 200)
        #expect(answer["x-quota-remaining-usd"] == "0.994")
        #expect(try proxy.send("GET", "/quotas/ann", headers: admin).text.contains(#""dayUsedUsd":0.006"#))
        #expect(try proxy.send("DELETE", "/quotas/ann", headers: admin).status == 204)
        #expect(try proxy.send("GET", "/quotas/ann", headers: admin).status == 404)
    }

    static let badQuotas = [
        "", "[]", #"{"dailyLimitUsd":-1}"#, #"{"dailyLimitUsd":1e400}"#, #"{"dailyLimitUsd":"NaN"}"#,
        #"{"dailyTokens":1.5}"#, #"{"dailyTokens":-1}"#, #"{"timezone":"Berlin"}"#, #"{"enabled":1}"#,
        #"{"dailyLimit":1}"#, #"{"dailyLimitUsd":0.0000000000000000001}"#,
        #"{"monthlyLimitUsd":1000000000000000.000000000000000001}"#,
        #"{"dailyLimitUsd":"150000000000000000000"}"#,
    ]

    @Test("A body that is no quota changes nothing", arguments: badQuotas)
    func badQuota(_ body: String) throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        #expect(try proxy.send("POST", "/quotas/ann", headers: admin, body).status == 400)
        #expect(try proxy.events().map(\.type) == [.pricesPublished])
    }

    @Test("A minted key works, and a name that is none is refused")
    func mint() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let answer = try proxy.send("POST", "/keys/zoe", headers: admin)
        #expect(answer.text == #"{"user":"zoe","key":"\#(try ProxyFixture.key("zoe"))"}"#)
        #expect(answer["cache-control"] == "no-store")
        #expect(try proxy.send("POST", "/keys/_other", headers: admin).status == 400)
        #expect(try proxy.send("POST", "/keys/a%0Ab", headers: admin).status == 400)
    }
}
