/// Writes the paths of the engine's API.
enum EnginePath {
    /// Escapes all but letters, digits, `-`, `.`, `_` and `~`.
    static func escape(_ text: String) -> String {
        var escaped: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped.append(contentsOf: [
                    UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)],
                ])
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// `/containers/ID` and what follows.
    static func container(_ id: String, _ rest: String = "") -> String { "/containers/\(escape(id))\(rest)" }
}
