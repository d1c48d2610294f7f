/// The text form of a one-dimensional PostgreSQL array, as a parameter for `unnest($1::text[])` takes it.
package struct ArrayText {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// Creates an empty array.
    package init() {}

    /// Adds one element; its text may hold anything but a zero byte.
    package mutating func append(_ element: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        for byte in element.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The whole array.
    package var text: String { String(decoding: bytes, as: UTF8.self) + "}" }
}
