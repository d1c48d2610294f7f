import HTTP
import JSON
import LedgerCore
import Testing

@testable import Platform

@Suite("CloudEventReader")
struct CloudEventReaderTests {
    static let data = #"{"provider":"anthropic","model":"claude-x","usage":{"input":10,"output":5}}"#

    static func event(_ more: String = "", data: String = data, id: String = "1") -> String {
        #"{"specversion":"1.0","type":"dispatch-ledger.usage.v1","source":"/agents/a","id":"\#(id)","#
            + #""subject":"ann","time":"2026-11-24T10:00:00Z"\#(more),"data":\#(data)}"#
    }

    static func read(_ type: String, _ body: String, _ headers: HTTPHeaders = [:]) throws -> [UsageReport] {
        var headers = headers
        headers.set("content-type", type)
        let head = HTTPRequestHead(method: "POST", target: "/api/v1/events", headers: headers)
        return try CloudEventReader(JSONParser()).reports(head, Array(body.utf8))
    }

    static let binary: HTTPHeaders = [
        "ce-specversion": "1.0", "ce-type": "dispatch-ledger.usage.v1", "ce-source": "/agents/a",
        "ce-id": "1",
        "ce-subject": "ann", "ce-time": "2026-11-24T10:00:00Z", "ce-traceparent": "00-1-2-3",
    ]

    @Test("The three modes are one event, with one digest")
    func modes() throws {
        let structured = try Self.read("application/cloudevents+json; charset=utf-8", Self.event())
        let batch = try Self.read("application/cloudevents-batch+json", "[\(Self.event())]")
        let binary = try Self.read("application/json", Self.data, Self.binary)
        #expect(structured == batch && batch == binary)
        let report = try #require(binary.first)
        #expect(report.usage.input == 10 && report.usage.output == 5)
        #expect(report.user.text == "ann" && report.model == "claude-x")
        #expect(report.usedAt?.text == "2026-11-24T10:00:00.000000Z")
        #expect(structured.map(\.digestText) == binary.map(\.digestText))
    }

    @Test("Extensions are let through, and are no part of what was reported")
    func extensions() throws {
        let plain = try Self.read("application/cloudevents+json", Self.event())
        let extended = try Self.read(
            "application/cloudevents+json", Self.event(#","tenant":"x","sampled":true,"shard":3"#))
        #expect(plain == extended)
    }

    static let refused: [(body: String, field: String)] = [
        ("", "the body"), ("[]", "the event"), ("{}", "specversion"), (event(#","type":"x""#), "type"),
        (event(#","Data":1"#), "Data"), (event(#","data_base64":"e30=""#), "data_base64"),
        (event(#","datacontenttype":"text/plain""#), "datacontenttype"), (event(data: "null"), "data"),
        (event(data: "[]"), "data"), (event(data: "{}"), "data.provider"),
        (event(id: ""), "id"), (event(id: "a b"), "id"),
        (event(id: String(repeating: "x", count: 257)), "id"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1},"costUsd":0}"#), "data.costUsd"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1,"input":1}}"#), "data.usage.input"),
        (event(data: #"{"provider":"a","model":"m","usage":{"tokens":1}}"#), "data.usage.tokens"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":-1}}"#), "data.usage.input"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1.5}}"#), "data.usage.input"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":"1"}}"#), "data.usage.input"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1e3}}"#), "data.usage.input"),
        (
            event(data: #"{"provider":"a","model":"m","usage":{"input":9007199254740993}}"#),
            "data.usage.input"
        ),
        (event(data: #"{"provider":"a","model":"m","usage":{}}"#), "data.usage"),
        (
            event(data: #"{"provider":"a","model":"m","usage":{"output":1,"reasoning":2}}"#),
            "data.usage.reasoning"
        ),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1},"usedAt":"now"}"#), "data.usedAt"),
        (event(data: #"{"provider":"a","model":"m","usage":{"input":1},"usedAt":5}"#), "data.usedAt"),
    ]

    @Test("What is wrong is named by its field", arguments: refused)
    func refuses(_ row: (body: String, field: String)) throws {
        let error = #expect(throws: ReportError.self) {
            try Self.read("application/cloudevents+json", row.body)
        }
        #expect(error?.field == row.field)
    }

    @Test("A batch names the event; it has one to a thousand")
    func batches() throws {
        let type = "application/cloudevents-batch+json"
        let one = #expect(throws: ReportError.self) {
            try Self.read(type, "[\(Self.event()),\(Self.event(id: ""))]")
        }
        #expect(one?.field == "event 2: id")
        let none = #expect(throws: ReportError.self) { try Self.read(type, "[]") }
        #expect(none?.field == "the batch")
        let many = Array(repeating: Self.event(), count: 1_001).joined(separator: ",")
        let tooMany = #expect(throws: ReportError.self) { try Self.read(type, "[\(many)]") }
        #expect(tooMany?.field == "the batch")
    }

    @Test("Plain JSON without the ce- headers, and other types, are refused")
    func types() {
        for type in ["application/json", "text/plain", "application/x-www-form-urlencoded", ""] {
            let error = #expect(throws: ReportError.self) { try Self.read(type, Self.data) }
            #expect(error?.field == "content-type")
        }
    }
}
