import LedgerCore

/// A JSON list of objects, for `jsonb_to_recordset`.
enum JSONRows {
    /// Writes one object a value, its fields by `body`; a field that is left out is null.
    static func text<Value>(_ values: [Value], _ body: (inout LineWriter, Value) -> Void) -> String {
        var bytes = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            var row = LineWriter(appendingTo: bytes)
            body(&row, value)
            bytes = row.finish()
        }
        bytes.append(UInt8(ascii: "]"))
        return String(decoding: bytes, as: UTF8.self)
    }
}
