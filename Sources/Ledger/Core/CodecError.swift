/// Why a line is not an event.
package enum CodecError: Error, Hashable {
    /// The line ends too early.
    case unexpectedEnd
    /// Something else was expected here.
    case unexpectedByte(UInt8, offset: Int)
    /// A field that the type needs is not where it belongs.
    case missingKey(String, offset: Int)
    /// A value is not in its one form.
    case badValue(String, offset: Int)
    /// A string is not UTF-8.
    case notUTF8(offset: Int)
    /// Bytes follow the object.
    case trailingBytes(offset: Int)
    /// A newer version's event, perhaps.
    case unknownType(String)
    /// A snapshot of another version, or one that is cut, damaged or out of order.
    case badSnapshot(String)
}
