package import LedgerCore
import Postgres

extension LedgerStore {
    /// How many events are stored, however long the server counts.
    package func eventCount() throws(StoreError) -> Int64 {
        var count: Int64 = 0
        try inTransaction("set local statement_timeout = 0") { () throws(StoreError) in
            count = try countEvents()
        }
        return count
    }

    func countEvents() throws(StoreError) -> Int64 {
        let rows = try query("select count(*) from ledger.events where origin = $1", [origin])
        guard let count = rows.integer(0, 0) else { throw .unreadable("the events of \"\(origin)\"") }
        return count
    }

    /// The chain stored at a position; nil when the event is not there.
    package func chain(at position: Position) throws(StoreError) -> [UInt8]? {
        try query(
            "select chain from ledger.events where origin = $1 and position = $2",
            [origin, String(position.value)]
        ).bytea(0, 0)
    }

    /// The journal's lines as they are stored, in order: the journal can be rebuilt from them.
    ///
    /// - Parameters:
    ///   - position: read what comes after it.
    ///   - limit: at most so many.
    ///   - bytesMax: no further line once so many bytes are reached.
    /// - Returns: positions and lines, without newlines; none at the end.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``.
    package func lines(
        after position: Position, limit: Int, bytesMax: Int = 16 << 20
    ) throws(StoreError) -> [(position: Position, line: [UInt8])] {
        let rows = try query(
            """
            select position, line from (
              select position, line,
                sum(octet_length(line)) over (order by position) - octet_length(line) as bytes_before
              from (
                select position, line from ledger.events where origin = $1 and position > $2
                order by position limit $3
              ) next
            ) page
            where bytes_before < $4 order by position
            """,
            [origin, String(position.value), String(limit), String(bytesMax)])
        var lines: [(position: Position, line: [UInt8])] = []
        for row in 0..<rows.rowCount {
            guard let position = rows.integer(row, 0), let line = rows.bytes(row, 1) else {
                throw .unreadable("a line after position \(position.value)")
            }
            lines.append((Position(position), line))
        }
        return lines
    }
}
