import LedgerCore
import TestSupport
import Testing

@Suite("Proxy, limits of every subject")
struct ProxyQuotaTests {
    private func proxy() throws -> ProxyFixture {
        try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
    }

    private let admin = ["authorization: Bearer \(ProxyFixture.adminToken)"]

    @Test("limits of every subject are set, shown, listed and removed")
    func subjects() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let body =
            #"{"limits":[{"measure":"requests","window":"week","limit":9,"thresholds":[90]},"#
            + #"{"measure":"cost","window":"day","limitUsd":"2.5"}],"timezone":"America/New_York","#
            + #""weekStart":"sunday","thresholds":[75],"reason":"a trial"}"#
        for subject in ["group:red", "model:meta%2Fllama", "global", "default", "ann", "user:group:x"] {
            let set = try proxy.send("POST", "/quotas/\(subject)", headers: admin, body)
            #expect(set.status == 200, "\(subject): \(set.text)")
            #expect(set.text.contains(#""dailyLimitUsd":2.5,"timezone":"America/New_York""#))
            #expect(set.text.contains(#""weekStart":"sunday","thresholds":[75],"limits":[{"measure":"cost""#))
            #expect(try proxy.send("GET", "/quotas/\(subject)", headers: admin).text == set.text)
        }
        let list = try proxy.send("GET", "/quotas?limit=4", headers: admin)
        let names = ["default", "global", "group:red", "model:meta/llama"]
        for name in names { #expect(list.text.contains(#""subject":"\#(name)""#)) }
        #expect(list.text.contains(#""next":"model:meta/llama""#))
        let rest = try proxy.send("GET", "/quotas?after=model:meta/llama", headers: admin)
        #expect(rest.text.contains(#""subject":"user:ann""#) && rest.text.contains(#""user":"group:x""#))
        #expect(!rest.text.contains("next"))
        let reason = #"{"reason":"over"}"#
        #expect(try proxy.send("DELETE", "/quotas/group:red", headers: admin, reason).status == 204)
        #expect(try proxy.send("DELETE", "/quotas/group:red", headers: admin).status == 404)
        let reasons: [String?] = try proxy.events().compactMap {
            switch $0 {
            case .quotaSet(let event): event.reason
            case .quotaRemoved(let event): event.reason
            default: nil
            }
        }
        #expect(reasons.last == "over" && reasons.first == "a trial")
    }

    @Test("a group's limit refuses its members by its name, until the window's real end")
    func groups() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        #expect(try proxy.send("POST", "/groups/red/ann", headers: admin).status == 204)
        let body = #"{"limits":[{"measure":"requests","window":"hour","limit":1}]}"#
        _ = try proxy.send("POST", "/quotas/group:red", headers: admin, body)
        #expect(try proxy.message().status == 200)
        let refused = try proxy.message()
        #expect(refused.status == 429)
        #expect(refused.text.contains("Hourly request quota of group:red exceeded"))
        let seconds = Int(refused["retry-after"] ?? "") ?? 0
        #expect((1...3_600).contains(seconds))
        #expect(
            try proxy.send("GET", "/groups/red", headers: admin).text == #"{"group":"red","members":["ann"]}"#
        )
        #expect(
            try proxy.send("GET", "/groups", headers: admin).text
                == #"{"groups":[{"group":"red","members":1}]}"#)
        #expect(try proxy.send("DELETE", "/groups/red/ann", headers: admin).status == 204)
        #expect(try proxy.send("DELETE", "/groups/red/ann", headers: admin).status == 404)
        #expect(try proxy.message().status == 200)
    }

    @Test("the pattern binds a user nobody has set limits for")
    func pattern() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        _ = try proxy.send("POST", "/quotas/default", headers: admin, #"{"dailyLimitUsd":"0.02"}"#)
        #expect(try proxy.message().status == 429)
        let shown = try proxy.send("GET", "/quotas/ann", headers: admin)
        #expect(shown.text.contains(#""dailyLimitUsd":0.02"#))
    }

    static let bad = [
        #"{"limits":{}}"#, #"{"limits":[1]}"#, #"{"limits":[{"measure":"cost","window":"day"}]}"#,
        #"{"limits":[{"measure":"cost","window":"day","limit":1}]}"#,
        #"{"limits":[{"measure":"tokens","window":"day","limitUsd":1}]}"#,
        #"{"limits":[{"measure":"tokens","window":"year","limit":1}]}"#,
        #"{"limits":[{"measure":"tokens","window":"day","limit":-1}]}"#,
        #"{"limits":[{"measure":"tokens","window":"day","limit":1,"more":1}]}"#,
        #"{"dailyTokens":1,"limits":[{"measure":"tokens","window":"day","limit":1}]}"#,
        #"{"thresholds":50}"#, #"{"thresholds":[0]}"#, #"{"thresholds":[80,50]}"#, #"{"thresholds":[101]}"#,
        #"{"thresholds":[1,2,3,4,5,6,7,8,9]}"#, #"{"weekStart":"payday"}"#, #"{"weekStart":1}"#,
        #"{"timezone":"Europe/Nowhere"}"#, #"{"timezone":"../../etc/passwd"}"#, #"{"timezone":1}"#,
        #"{"reason":1}"#, #"{"reason":"\#(String(repeating: "é", count: 201))"}"#,
        #"{"dailyLimitUsd":1,"dailyLimitUsd":100}"#, #"{"dailyTokens":1,"daily\u0054okens":1}"#,
        #"{"limits":[{"measure":"tokens","window":"day","limit":1,"limit":2}]}"#,
        #"{"limits":[\#(Array(repeating: #"{"measure":"tokens","window":"day","limit":1}"#, count: 17).joined(separator: ","))]}"#,
    ]

    @Test("what is no limit is refused, and changes nothing", arguments: bad)
    func refuses(_ body: String) throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let answer = try proxy.send("POST", "/quotas/global", headers: admin, body)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(try proxy.events().map(\.type) == [.pricesPublished])
    }

    @Test("a reason is recorded whole or refused with its bound, and a field is given once")
    func reasons() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        let longest = String(repeating: "é", count: 200)
        let put = try proxy.send(
            "POST", "/quotas/ann", headers: admin, #"{"dailyLimitUsd":1,"reason":"\#(longest)"}"#)
        #expect(put.status == 200)
        for (method, path) in [
            ("POST", "/quotas/ann"), ("DELETE", "/quotas/ann"), ("POST", "/groups/red/ann"),
            ("DELETE", "/groups/red/ann"),
        ] {
            let long = try proxy.send(method, path, headers: admin, #"{"reason":"\#(longest)x"}"#)
            #expect(long.status == 400 && long.text.contains("longer than 200 characters"), "\(long.text)")
            let twice = try proxy.send(method, path, headers: admin, #"{"reason":"a","reason":"b"}"#)
            #expect(twice.status == 400 && twice.text.contains("given more than once"), "\(twice.text)")
        }
        let recorded: [String] = try proxy.events().compactMap {
            guard case .quotaSet(let event) = $0 else { return nil }
            return event.reason
        }
        #expect(recorded == [longest])
    }

    @Test("a threshold is recorded after the call that crosses it, whose own position the client gets")
    func thresholds() throws {
        let proxy = try proxy()
        defer { proxy.stop() }
        // Each call costs 0.006 USD and holds more.
        let body = #"{"limits":[{"measure":"cost","window":"month","limitUsd":1,"thresholds":[1]}]}"#
        _ = try proxy.send("POST", "/quotas/global", headers: admin, body)
        for _ in 1...3 { #expect(try proxy.message().status == 200) }
        let types = try proxy.events().map(\.type)
        #expect(types.filter { $0 == .thresholdCrossed }.count == 1)
        let place = try #require(types.firstIndex(of: .thresholdCrossed))
        #expect(types[place - 1] == .callSettled)
    }
}
