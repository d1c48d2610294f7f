/// A few header field names, looked up by their bytes in any case, without making a string.
struct FieldNames: Sendable {
    /// The names by their length, in lower case.
    private let byLength: [[[UInt8]]]

    /// Names in lower case.
    init(_ names: [String]) {
        var byLength = [[[UInt8]]](repeating: [], count: (names.map(\.utf8.count).max() ?? 0) + 1)
        for name in names { byLength[name.utf8.count].append(Array(name.utf8)) }
        self.byLength = byLength
    }

    /// Whether `name` is one of them.
    func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count < byLength.count else { return false }
        return byLength[name.count].contains { lower in
            for index in 0..<lower.count where Self.lowered(name[index]) != lower[index] { return false }
            return true
        }
    }

    /// Whether `name` begins with `prefix`, which is in lower case.
    static func starts(_ name: UnsafeRawBufferPointer, with prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard name.count >= count else { return false }
        for index in 0..<count where lowered(name[index]) != prefix.utf8Start[index] { return false }
        return true
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
