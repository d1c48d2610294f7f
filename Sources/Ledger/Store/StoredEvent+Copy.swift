import LedgerCore
import Postgres

extension StoredEvent {
    /// The statement whose columns ``write(to:)`` fills, in its order.
    static let copyStatement = """
        copy pg_temp.ledger_incoming (\(columnNames), line)
        from stdin with (format binary)
        """
    /// How many columns that are.
    static let columnCount = columns.count + 1

    /// Adds the event as one row of COPY: the typed columns, and the line.
    func write(to rows: inout CopyWriter) {
        rows.beginRow()
        writeColumns(to: &rows)
        rows.append(line)
    }

    /// Adds the values of ``columns``.
    private func writeColumns(to rows: inout CopyWriter) {
        rows.append(position.value)
        rows.append(microsecondsSince1970: recordedAt.microseconds)
        rows.append(uuid: id.bits)
        rows.append(type)
        rows.append(user)
        rows.append(callID)
        rows.append(dispatchID)
        rows.append(sessionID)
        rows.append(source)
        rows.append(provider)
        rows.append(model)
        rows.append(result)
        rows.append(costState)
        rows.append(billing)
        rows.append(priceBook)
        rows.append(providerRequestID)
        rows.append(inputTokens)
        rows.append(outputTokens)
        rows.append(durationMilliseconds)
        if let cost { rows.append(numericAttos: cost.attos) } else { rows.appendNull() }
        rows.append(json: details)
        rows.append(chain[...])
    }
}

extension StoredEvent {
    /// A column of `events` beside the line, and its type's number, which is the same in every PostgreSQL.
    struct Column {
        let name: String
        let type: ColumnType
    }

    /// The types of columns.
    enum ColumnType: Int32 {
        case bytea = 17
        case bigint = 20
        case text = 25
        case timestamptz = 1184
        case numeric = 1700
        case uuid = 2950
        case jsonb = 3802
    }

    /// The typed columns, in the order of COPY.
    static let columns: [Column] =
        [Column(name: "position", type: .bigint), Column(name: "recorded_at", type: .timestamptz)]
        + [Column(name: "id", type: .uuid)]
        + [
            "type", "user_id", "call_id", "dispatch_id", "session_id", "source", "provider", "model",
            "result",
            "cost_state", "billing", "price_book", "provider_request_id",
        ].map { Column(name: $0, type: .text) }
        + ["input_tokens", "output_tokens", "duration_ms"].map { Column(name: $0, type: .bigint) }
        + [Column(name: "cost_usd", type: .numeric), Column(name: "details", type: .jsonb)]
        + [Column(name: "chain", type: .bytea)]

    /// Their names, for a statement.
    static let columnNames = columns.map(\.name).joined(separator: ", ")

    /// The typed columns as the server's `record_send` writes them: equal bytes, equal rows.
    ///
    /// Their number; for each its type, its length in bytes (−1: NULL) and its value; all integers four
    /// bytes, most significant byte first. ``details`` must be spelled as `jsonb` spells it.
    package func record() -> [UInt8] {
        var row = CopyWriter(columns: Self.columns.count, reservingBytes: 512)
        row.removeAll()
        writeColumns(to: &row)
        let values = row.bytes
        var record: [UInt8] = []
        record.reserveCapacity(values.count + 4 * (Self.columns.count + 1))
        Self.append(Int32(Self.columns.count), to: &record)
        var start = 0
        for column in Self.columns {
            let end = start + 4 + max(Self.integer(at: start, of: values), 0)
            Self.append(column.type.rawValue, to: &record)
            record.append(contentsOf: values[start..<end])
            start = end
        }
        return record
    }

    /// The columns in which two records differ; nil when either is no record of an event.
    package static func differingColumns(_ left: [UInt8], _ right: [UInt8]) -> [String]? {
        guard let left = values(of: left), let right = values(of: right) else { return nil }
        return zip(columns, zip(left, right)).filter { $0.1.0 != $0.1.1 }.map(\.0.name)
    }

    private static func values(of record: [UInt8]) -> [ArraySlice<UInt8>]? {
        var values: [ArraySlice<UInt8>] = []
        var start = 4
        for _ in columns {
            guard start + 8 <= record.count else { return nil }
            let end = start + 8 + max(integer(at: start + 4, of: record), 0)
            guard end <= record.count else { return nil }
            values.append(record[start..<end])
            start = end
        }
        return start == record.count ? values : nil
    }

    private static func append(_ number: Int32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func integer(at start: Int, of bytes: [UInt8]) -> Int {
        Int(bytes[start..<start + 4].reduce(Int32(0)) { $0 << 8 | Int32($1) })
    }
}
