import TestSupport
import Testing

@testable import LedgerRuntime

@Suite("JSON as the database writes it")
struct JSONBTextTests {
    let database: TestDatabase

    init() throws { database = try TestDatabase(migrated: false) }

    static let texts = [
        #"{}"#, #"[]"#, #"{"b":1,"a":2,"aa":3,"B":4}"#,
        #"{"limit":{"kind":"dailyCost","limitUsd":0.1},"a":[]}"#,
        #"{"models":["x","y"],"n":null,"t":true,"f":false}"#,
        #"[{"a":{}},[1,[2]],"",-3,12345678901234567890.5]"#,
        #"{"a":"\"\\\/\b\f\n\r\t\u0001\u001f\u007f ü\u00fc😀 \ud83d\ude00"}"#,
        #"{"ü":1,"zz":2,"é":3,"a\nb":4,"":5}"#,
    ]

    @Test("each text is the server's own, byte for byte")
    func equal() throws {
        let connection = try database.connect()
        for text in Self.texts {
            let written = String(decoding: JSONBText.text(of: Array(text.utf8)), as: UTF8.self)
            let rows = try connection.query("select $1::jsonb::text", [text])
            #expect(rows.text(0, 0) == written)
        }
    }

    @Test("what is no JSON stays what it is") func malformed() {
        #expect(JSONBText.text(of: Array("{".utf8)) == Array("{".utf8))
    }
}
