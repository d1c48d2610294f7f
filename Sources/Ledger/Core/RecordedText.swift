/// Texts from outside, bounded for the record.
extension String {
    /// The first Unicode scalars: at most four bytes each, while one `Character` can have megabytes of
    /// accents.
    package func prefix(scalarsMax: Int) -> String { String(unicodeScalars.prefix(scalarsMax)) }

    /// The first characters, whole ones, in at most four scalars each.
    ///
    /// Finding them is slow but in ASCII, where each byte is one, CR LF excepted.
    package func cut(charactersMax: Int) -> String {
        let bytes = utf8
        guard bytes.count > charactersMax else { return self }
        // One byte more is looked at: what follows could belong to the last character.
        let isPlain = bytes.prefix(charactersMax + 1).allSatisfy { $0 < 0x80 && $0 != 0x0D }
        if isPlain { return String(self[..<bytes.index(bytes.startIndex, offsetBy: charactersMax)]) }
        return String(prefix(scalarsMax: 4 * charactersMax).prefix(charactersMax))
    }

    /// A name as it is recorded: visible ASCII, anything else as `?`.
    ///
    /// Names that differ only in how Unicode spells them would be one key here and two in SQL.
    package func cleanName(bytesMax: Int) -> String {
        let bytes = unicodeScalars.prefix(bytesMax).map { scalar in
            (0x21...0x7E).contains(scalar.value) ? UInt8(scalar.value) : 0x3F
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
