/// A C string without the newlines at its end; empty for none.
func trimmed(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "" }
    var characters = Substring(String(cString: text))
    while characters.last?.isNewline == true { characters.removeLast() }
    return String(characters)
}

/// Lends `strings` as a null-terminated array of C strings, nil as a null pointer.
///
/// A nil element ends the array for a callee that looks for the end; those with a count see past it.
func withCStrings<Answer>(
    _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Answer
) -> Answer {
    // One buffer for all texts, and pointers into it: no allocation for each.
    var bytes: [CChar] = []
    let offsets = strings.map { string -> Int? in
        guard let string else { return nil }
        defer { bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) } + [0]) }
        return bytes.count
    }
    bytes.append(0)
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers = offsets.map { offset in offset.flatMap { buffer.baseAddress?.advanced(by: $0) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { pointers in
            guard let first = pointers.baseAddress else {
                preconditionFailure("an array of one or more has an address")
            }
            return body(first)
        }
    }
}
