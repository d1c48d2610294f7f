import JSON
import Testing

@Suite("JSONDocument")
struct JSONDocumentTests {
    @Test("reads every kind of value")
    func kinds() throws {
        let text = #" {"a":null,"b":[true,false],"c":-7,"d":"x\u00e9\n\ud83c\udf0d","e":{},"f":1.5} "#
        let root = try JSONDocument.parse(Array(text.utf8)).root
        #expect(root.object.map(\.key) == ["a", "b", "c", "d", "e", "f"])
        let kinds: [JSONValue.Kind] = [.null, .array, .number, .string, .object, .number]
        #expect(root.object.map(\.value.kind) == kinds)
        #expect(root["a"]?.isNull == true)
        #expect(root["b"]?.array.map(\.bool) == [true, false])
        #expect(root["c"]?.int64 == -7)
        #expect(root["d"]?.string == "xé\n🌍")
        #expect(root["d"]?.isString("xé\n🌍") == true)
        #expect(root["e"]?.object.contains { _ in true } == false)
        #expect(root["missing"] == nil)
        #expect(root["a"]?["b"] == nil)
    }

    @Test(
        "names the first key that is there twice, however it is written",
        arguments: [
            (#"{"a":1,"b":2,"A":3}"#, nil), (#"{"a":1,"b":2,"\u0062":3,"a":4}"#, "b"),
            (#"{"a":{"b":1},"b":{"b":1}}"#, nil), (#"["a","a"]"#, nil), ("{}", nil), (#"{"":1,"":2}"#, ""),
        ] as [(String, String?)])
    func repeatedKey(_ text: String, _ key: String?) throws {
        #expect(try JSONDocument.parse(Array(text.utf8)).root.repeatedKey == key)
    }

    @Test("a byte order mark is named")
    func byteOrderMark() {
        for text in ["{}", "", "[1"] {
            #expect(throws: JSONError.byteOrderMark) {
                try JSONDocument.parse([0xEF, 0xBB, 0xBF] + Array(text.utf8))
            }
        }
    }

    static let integers: [(String, Int64?)] = [
        ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775808", nil), ("1.0", nil), ("1e3", nil), ("0.5", nil), ("\"1\"", nil), ("true", nil),
    ]

    @Test("gives integers only when they are exact", arguments: integers)
    func integer(_ text: String, _ value: Int64?) throws {
        #expect(try JSONDocument.parse(Array(text.utf8)).root.int64 == value)
    }

    @Test("gives numbers as they were written")
    func rawNumbers() throws {
        let text =
            #"{"x,[1]":[1, "2",3 ], "cost":0.2789940000001 , "n":{"m":-1.50E+2},"big":18446744073709551615}"#
        let root = try JSONDocument.parse(Array(text.utf8)).root
        #expect(root["cost"]?.rawNumber == "0.2789940000001")
        #expect(root["n"]?["m"]?.rawNumber == "-1.50E+2")
        #expect(root["big"]?.rawNumber == "18446744073709551615")
        #expect(root["x,[1]"]?.array.map(\.rawNumber) == ["1", nil, "3"])
        #expect(String(decoding: try #require(root["n"]).source, as: UTF8.self) == #"{"m":-1.50E+2}"#)
        #expect(String(decoding: root.source, as: UTF8.self) == text)
    }

    @Test("gives the first of two members with one key")
    func duplicates() throws {
        let root = try JSONDocument.parse(Array(#"{"a":1,"\u0061":2}"#.utf8)).root
        #expect(root["a"]?.int64 == 1)
        #expect(root.object.map(\.key) == ["a", "a"])
    }

    static let refused: [String] = [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "[1] x", "{}{}", "01", "1.", "nul", "\"a\nb\"",
        "\"\\ud83d\"",
        "\"\\udf0d\"", "\"\\ud83d\\u0041\"", "\"\\x\"", "\u{0}", "NaN", "Infinity", "1e999", "'a'", "[1}",
        "\"abc",
        "18446744073709551616", "// x\n1",
    ]

    @Test("refuses what is no JSON", arguments: refused)
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try JSONDocument.parse(Array(text.utf8)) }
    }

    @Test(
        "refuses text that is not UTF-8",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]])
    func refusesBadText(_ bytes: [UInt8]) {
        #expect(throws: JSONError.badText) { try JSONDocument.parse([0x22] + bytes + [0x22]) }
    }

    @Test("refuses nesting above the limit and takes it below")
    func depth() throws {
        let deep = Array((String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)).utf8)
        #expect(throws: JSONError.tooDeep) { try JSONDocument.parse(deep) }
        #expect(throws: JSONError.self) { try JSONDocument.parse(Array(deep[..<10_000])) }
        #expect(try JSONDocument.parse(Array("[[[1]]]".utf8), depthMax: 4).root.kind == .array)
        #expect(throws: JSONError.tooDeep) { try JSONDocument.parse(Array("[[[[1]]]]".utf8), depthMax: 2) }
    }

    @Test("never traps, wherever the text is cut or a byte is changed")
    func damaged() {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\"y"],"b":{"c":null,"d":[{},[]]},"é":true}"#.utf8)
        let parser = JSONParser()
        var read = 0
        for index in text.indices {
            if (try? parser.parse(Array(text[..<index]))) != nil { read += 1 }
            for byte in UInt8.min...UInt8.max {
                var damaged = text
                damaged[index] = byte
                guard let document = try? parser.parse(damaged) else { continue }
                #expect(document.root.source.count == text.count || byte <= 0x20)
            }
        }
        #expect(read == 0)
    }

    @Test("keeps a document whole while its parser reads others")
    func reuse() throws {
        let parser = JSONParser()
        let first = try parser.parse(Array(#"{"text":"first"}"#.utf8)).root
        for count in [1, 2000, 10, 100_000] {
            let other = try parser.parse(Array(("\"" + String(repeating: "x", count: count) + "\"").utf8))
                .root
            #expect(other.string?.utf8.count == count)
        }
        #expect(first["text"]?.string == "first")
    }

    @Test("counts strings with their escapes resolved")
    func counts() throws {
        let document = try JSONDocument.parse(
            Array(#"[{"type":"im\u0061ge"},"image","file","images",{"image":1}]"#.utf8))
        #expect(document.count(ofStrings: "image file") == 4)
    }
}
