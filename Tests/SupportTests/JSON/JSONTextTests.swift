import JSON
import Testing

@Suite("JSONText")
struct JSONTextTests {
    @Test("writes members, elements and commas")
    func structure() {
        let bytes = JSONText.object {
            $0.member("a", 1)
            $0.member("b", nil)
            $0.key("c")
            $0.array {
                $0.int(-1)
                $0.bool(true)
                $0.null()
                $0.object { _ in }
                $0.raw("0.5")
            }
            $0.key("d")
            $0.array { _ in }
            $0.member("e", false)
        }
        let text = #"{"a":1,"b":null,"c":[-1,true,null,{},0.5],"d":[],"e":false}"#
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("writes strings that read back as they were")
    func escapes() throws {
        var text = JSONText()
        let value =
            String(String.UnicodeScalarView((0...0x24F).compactMap(Unicode.Scalar.init))) + "\u{2028}🌍\"\\/"
        text.string(value)
        #expect(!text.bytes.contains { $0 < 0x20 })
        #expect(try JSONDocument.parse(text.bytes).root.string == value)
    }
}

@Suite("JSONSplice")
struct JSONSpliceTests {
    static let cases: [(String, String)] = [
        (#"{}"#, #"{"o":{"u":true}}"#),
        (#" { } "#, #" { "o":{"u":true}} "#),
        (#"{"a":"}\"{" }"#, #"{"a":"}\"{" ,"o":{"u":true}}"#),
        (#"{"o":null,"b":1}"#, #"{"o":{"u":true},"b":1}"#),
        (#"{"o":{},"b":1}"#, #"{"o":{"u":true},"b":1}"#),
        (#"{ "o" : { "x" : 1 } }"#, #"{ "o" : { "x" : 1 ,"u":true} }"#),
        (#"{"o":{"u":false}}"#, #"{"o":{"u":true}}"#),
        (#"{"o":{"u": {"deep":[1]} ,"v":2}}"#, #"{"o":{"u": true ,"v":2}}"#),
        (#"{"\u006f":{"\u0075":false}}"#, #"{"\u006f":{"\u0075":true}}"#),
        (#"{"x":{"o":{"u":false}},"y":"o"}"#, #"{"x":{"o":{"u":false}},"y":"o","o":{"u":true}}"#),
        (#"{"o":{"u":false},"o":{"u":false}}"#, #"{"o":{"u":true},"o":{"u":false}}"#),
    ]

    @Test("changes the one member and no other byte", arguments: cases)
    func sets(_ before: String, _ after: String) throws {
        let document = try JSONDocument.parse(Array(before.utf8))
        let bytes = try JSONSplice.setting(["o", "u"], to: "true", in: document)
        #expect(String(decoding: bytes, as: UTF8.self) == after)
        #expect(try JSONDocument.parse(bytes).root["o"]?["u"]?.bool == true)
    }

    @Test(
        "refuses to set a member of what is no object", arguments: [#"{"o":1}"#, "[]", "null", #"{"o":[]}"#])
    func refuses(_ text: String) throws {
        let document = try JSONDocument.parse(Array(text.utf8))
        #expect(throws: JSONError.notAnObject) {
            try JSONSplice.setting(["o", "u"], to: "true", in: document)
        }
    }
}
