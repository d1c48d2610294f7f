package import LedgerCore
import Postgres

extension LedgerStore {
    /// Reads what is stored of the origin, all at one moment.
    package func snapshot() throws(StoreError) -> StoreSnapshot {
        var snapshot = StoreSnapshot(checkpoint: nil, eventCount: 0, positions: nil, events: [], usage: [])
        try inTransaction(
            "set transaction isolation level repeatable read read only; set local statement_timeout = 0"
        ) {
            () throws(StoreError) in
            snapshot.checkpoint = try checkpoint()
            let rows = try query(
                "select count(*), min(position), max(position) from ledger.events where origin = $1", [origin]
            )
            snapshot.eventCount = rows.integer(0, 0) ?? 0
            if let first = rows.integer(0, 1), let last = rows.integer(0, 2) {
                snapshot.positions = Position(first)...Position(last)
            }
            snapshot.events = try sums(
                """
                select coalesce(user_id, ''), type, coalesce(provider, ''), coalesce(model, ''), count(*),
                  coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0)
                from ledger.events where origin = $1 group by 1, 2, 3, 4 order by 1, 2, 3, 4
                """)
            snapshot.usage = try sums(
                """
                select user_id, kind, provider, model, sum(calls + dispatches), sum(input_tokens),
                  sum(output_tokens), sum(cost_usd)
                from ledger.usage_hourly where origin = $1 group by 1, 2, 3, 4 order by 1, 2, 3, 4
                """)
            snapshot.containers = try containers()
        }
        return snapshot
    }

    /// The sums of all hours: ended calls and their cost.
    package func totals() throws(StoreError) -> (calls: Int64, cost: Money) {
        let rows = try query(
            "select coalesce(sum(calls), 0), coalesce(sum(cost_usd), 0) from ledger.usage_hourly where origin = $1",
            [origin])
        guard let calls = rows.integer(0, 0), let cost = rows.text(0, 1).flatMap({ try? Money(decimal: $0) })
        else { throw .unreadable("the totals of \"\(origin)\"") }
        return (calls, cost)
    }

    /// How many events are stored.
    package func eventCount() throws(StoreError) -> Int64 {
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

    private func sums(_ statement: String) throws(StoreError) -> [StoreSum] {
        let rows = try query(statement, [origin])
        var sums: [StoreSum] = []
        for row in 0..<rows.rowCount {
            guard let user = rows.text(row, 0), let kind = rows.text(row, 1),
                let provider = rows.text(row, 2),
                let model = rows.text(row, 3), let count = rows.integer(row, 4),
                let input = rows.integer(row, 5),
                let output = rows.integer(row, 6),
                let cost = rows.text(row, 7).flatMap({ try? Money(decimal: $0) })
            else { throw .unreadable("the sums of \"\(origin)\"") }
            sums.append(
                StoreSum(
                    user: user, kind: kind, provider: provider, model: model, count: count,
                    inputTokens: input,
                    outputTokens: output, cost: cost))
        }
        return sums
    }
}
