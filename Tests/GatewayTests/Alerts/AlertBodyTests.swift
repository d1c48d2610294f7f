import JSON
import LedgerCore
import Testing

@testable import Gateway

@Suite("Alert body")
struct AlertBodyTests {
    private func read(_ body: String) throws(AlertBodyError) -> [AlertReceived] {
        try AlertBody.read(Array(body.utf8), parser: JSONParser())
    }

    /// One alert: its members after `status` and `startsAt`.
    private func alert(_ members: String, status: String = "firing") throws -> AlertReceived {
        let text =
            #"{"status":"\#(status)","startsAt":"2026-11-25T00:00:00Z""#
            + (members.isEmpty ? "" : ",") + members + "}"
        return try #require(try read(AlertBodies.with([text])).first)
    }

    /// A body, then the field that the refusal names.
    static let wrong: [(body: String, field: String)] = [
        ("[]", "the body"), (#""x""#, "the body"), ("{}", "alerts"), (#"{"alerts":{}}"#, "alerts"),
        (#"{"alerts":null}"#, "alerts"), (#"{"version":"3","alerts":[]}"#, "version"),
        (#"{"version":4,"alerts":[]}"#, "version"), (#"{"alerts":[1]}"#, "alerts[0]"),
        (#"{"alerts":[{}]}"#, "alerts[0].status"), (#"{"alerts":[{"status":"ok"}]}"#, "alerts[0].status"),
        (#"{"alerts":[{"status":["firing"]}]}"#, "alerts[0].status"),
        (AlertBodies.with([AlertBodies.alert(0), "{}"]), "alerts[1].status"),
        (#"{"alerts":[{"status":"firing"}]}"#, "alerts[0].labels"),
        (#"{"alerts":[{"status":"firing","labels":null}]}"#, "alerts[0].labels"),
        (#"{"alerts":[{"status":"firing","labels":["a"]}]}"#, "alerts[0].labels"),
        (#"{"alerts":[{"status":"firing","labels":{"a\nb":1}}]}"#, "alerts[0].labels.a?b"),
        (#"{"alerts":[{"status":"firing","labels":{},"annotations":3}]}"#, "alerts[0].annotations"),
        (
            #"{"alerts":[{"status":"firing","labels":{},"annotations":{"summary":{}}}]}"#,
            "alerts[0].annotations.summary"
        ), (#"{"alerts":[{"status":"firing","labels":{}}]}"#, "alerts[0].startsAt"),
        (
            #"{"alerts":[{"status":"firing","labels":{},"startsAt":"0001-01-01T00:00:00Z"}]}"#,
            "alerts[0].startsAt"
        ), (#"{"alerts":[{"status":"firing","labels":{},"startsAt":"yesterday"}]}"#, "alerts[0].startsAt"),
        (#"{"alerts":[{"status":"firing","labels":{},"startsAt":1764000000}]}"#, "alerts[0].startsAt"),
        (
            #"{"alerts":[{"status":"firing","labels":{},"startsAt":"2026-11-25T00:00:00Z","endsAt":"x"}]}"#,
            "alerts[0].endsAt"
        ),
        (
            #"{"alerts":[{"status":"firing","labels":{},"startsAt":"2026-11-25T00:00:00Z","#
                + #""fingerprint":7}]}"#, "alerts[0].fingerprint"
        ),
        (
            #"{"alerts":[{"status":"firing","labels":{},"startsAt":"2026-11-25T00:00:00Z","#
                + #""fingerprint":"a b"}]}"#, "alerts[0].fingerprint"
        ),
    ]

    @Test("A wrong shape is refused by the field's name", arguments: wrong)
    func shapes(_ row: (body: String, field: String)) {
        do throws(AlertBodyError) {
            let alerts = try read(row.body)
            Issue.record("\(alerts) from \(row.body)")
        } catch { #expect(error.message.hasPrefix("\(row.field) is not ")) }
    }

    @Test("What is not JSON is refused", arguments: ["", "{", "alerts=1", "{\"alerts\":[\u{0}]}"])
    func notJSON(_ body: String) {
        #expect(throws: AlertBodyError.self) { try read(body) }
    }

    @Test("A summary is one line of at most 300 characters, whatever is sent")
    func summaries() throws {
        func summary(_ text: String) throws -> String? {
            var json = JSONText()
            json.string(text)
            let quoted = String(decoding: json.bytes, as: UTF8.self)
            return try alert(#""labels":{},"annotations":{"description":\#(quoted)}"#).summary
        }
        #expect(try summary(" \r\n a \u{1B}[31m\tb\u{2028}c\u{85} ") == "a [31m b c")
        #expect(try summary(" \n ") == nil)
        #expect(try summary(String(repeating: "é", count: 400)) == String(repeating: "é", count: 300))
        let accents = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(try #require(try summary(accents)).utf8.count <= 4_800)
        #expect(try summary(String(repeating: "\n", count: 100_000) + "a") == nil)
        let both = #""labels":{},"annotations":{"description":"d","summary":"s"}"#
        #expect(try alert(both).summary == "s")
    }

    @Test("An alert without a fingerprint is named by its labels, in any order")
    func fingerprints() throws {
        let one = try alert(#""labels":{"a":"1","b":"2"}"#).fingerprint
        #expect(one.utf8.count == 16)
        #expect(try alert(#""labels":{"b":"2","a":"1"},"fingerprint":"""#).fingerprint == one)
        #expect(try alert(#""labels":{"b":"2","a":"1"},"fingerprint":null"#).fingerprint == one)
        let others = [
            #"{"a":"1"}"#, #"{"a":"1b","":"2"}"#, #"{"a":"1","b":"3"}"#, #"{"a1":"b","2":""}"#, "{}",
        ]
        #expect(Set(try others.map { try alert(#""labels":\#($0)"#).fingerprint } + [one]).count == 6)
    }

    @Test("Only an alert that has ended has an end")
    func ends() throws {
        let members = #""labels":{},"endsAt":"2026-11-25T01:00:00Z""#
        #expect(try alert(members).endsAt == nil)
        #expect(try alert(members, status: "resolved").endsAt == Timestamp("2026-11-25T01:00:00Z".utf8))
        for zero in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""] {
            #expect(try alert(#""labels":{},"endsAt":"\#(zero)""#, status: "resolved").endsAt == nil)
        }
    }

    @Test("A rule without a name is recorded all the same")
    func unnamed() throws {
        #expect(try alert(#""labels":{}"#).name == "unnamed")
        #expect(try alert(#""labels":{"alertname":"a\nb"},"annotations":null"#).name == "a b")
    }
}
