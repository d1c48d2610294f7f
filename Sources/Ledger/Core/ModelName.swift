/// A model's name without what platforms and versions put around it.
package enum ModelName {
    /// Shorter names that `name` may stand for, longest first; never empty ones.
    ///
    /// `models/x`, `us.anthropic.x-v1:0`, `x@20250929`, `x-20250929`, `x-2024-08-06` and `x-latest` are all
    /// `x`, also several at once.
    package static func shorter(_ name: String) -> [String] {
        var bytes = Array(name.utf8)[...]
        var names: [String] = []
        for shorten in [withoutPlatform, withoutRevision, withoutDate, withoutLatest] {
            guard let rest = shorten(bytes), !rest.isEmpty else { continue }
            bytes = rest
            names.append(String(decoding: rest, as: UTF8.self))
        }
        return names
    }

    /// Without `models/`, or Bedrock's maker and region before it.
    private static func withoutPlatform(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if name.starts(with: "models/".utf8) { return name.dropFirst(7) }
        let maker = Array("anthropic.".utf8)
        if name.starts(with: maker) { return name.dropFirst(maker.count) }
        let region = name.prefix { isLetter($0) || $0 == UInt8(ascii: "-") }
        let rest = name.dropFirst(region.count)
        guard !region.isEmpty, rest.first == UInt8(ascii: "."), rest.dropFirst().starts(with: maker)
        else { return nil }
        return rest.dropFirst(1 + maker.count)
    }

    /// Without Bedrock's `-v1` or `-v1:0` at the end.
    private static func withoutRevision(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = name
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")) {
            guard colon < rest.endIndex - 1, rest[(colon + 1)...].allSatisfy(isDigit) else { return nil }
            rest = rest[..<colon]
        }
        let digits = rest.reversed().prefix(while: isDigit).count
        guard digits > 0, rest.dropLast(digits).ends(with: "-v") else { return nil }
        return rest.dropLast(digits + 2)
    }

    /// Without `-YYYYMMDD`, `@YYYYMMDD` or `-YYYY-MM-DD` at the end.
    private static func withoutDate(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let hyphen = UInt8(ascii: "-")
        let short = name.suffix(9)
        if short.count == 9, let mark = short.first, mark == hyphen || mark == UInt8(ascii: "@"),
            short.dropFirst().allSatisfy(isDigit)
        {
            return name.dropLast(9)
        }
        let long = Array(name.suffix(11))
        guard long.count == 11 else { return nil }
        let isDate = long.enumerated().allSatisfy { offset, byte in
            [0, 5, 8].contains(offset) ? byte == hyphen : isDigit(byte)
        }
        return isDate ? name.dropLast(11) : nil
    }

    /// Without `-latest`, `@latest` or `@default`.
    private static func withoutLatest(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        for end in ["-latest", "@latest", "@default"] where name.ends(with: end) {
            return name.dropLast(end.utf8.count)
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
