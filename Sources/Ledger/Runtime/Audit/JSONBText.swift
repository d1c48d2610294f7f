import JSON

/// JSON as PostgreSQL's `jsonb` writes it: keys by length and then by bytes, a space after `:` and `,`.
enum JSONBText {
    /// The text of `json`; of what is no JSON the bytes as they are, which no `jsonb` equals.
    static func text(of json: [UInt8]) -> [UInt8] {
        guard let document = try? JSONDocument.parse(json) else { return json }
        var text: [UInt8] = []
        text.reserveCapacity(json.count + 32)
        append(document.root, to: &text)
        return text
    }

    private static func append(_ value: JSONValue, to text: inout [UInt8]) {
        switch value.kind {
        case .null: text += "null".utf8
        case .bool: text += (value.bool == true ? "true" : "false").utf8
        case .number: text += value.source
        case .string: append(value.string ?? "", to: &text)
        case .array: append(Array(value.array), "[", "]", to: &text) { append($0, to: &$1) }
        case .object:
            append(value.object.sorted { precedes($0.key, $1.key) }, "{", "}", to: &text) { member, text in
                append(member.key, to: &text)
                text += ": ".utf8
                append(member.value, to: &text)
            }
        }
    }

    private static func append<Value>(
        _ values: [Value], _ opening: String, _ closing: String, to text: inout [UInt8],
        _ body: (Value, inout [UInt8]) -> Void
    ) {
        text += opening.utf8
        for (offset, value) in values.enumerated() {
            if offset > 0 { text += ", ".utf8 }
            body(value, &text)
        }
        text += closing.utf8
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return left.utf8.count < right.utf8.count }
        return left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x08: text += #"\b"#.utf8
            case 0x09: text += #"\t"#.utf8
            case 0x0A: text += #"\n"#.utf8
            case 0x0C: text += #"\f"#.utf8
            case 0x0D: text += #"\r"#.utf8
            case 0..<0x20: text += #"\u00"#.utf8 + [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private static let digits = [UInt8]("0123456789abcdef".utf8)
}
