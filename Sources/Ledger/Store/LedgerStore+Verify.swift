package import LedgerCore
import Postgres

extension LedgerStore {
    /// Reads what is stored of the origin, all at one moment.
    ///
    /// - Parameters:
    ///   - onHead: told first how far the store is, before anything that takes time.
    ///   - onLinesChecked: where it is given, the server hashes every line that it holds; told after each
    ///     page how many it were, it says whether to go on.
    /// - Returns: all of it.
    /// - Throws: ``StoreError/schema(found:wanted:)``, ``StoreError/connection(_:)``,
    ///   ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``.
    package func snapshot(
        onHead: (StoreHead) -> Void = { _ in }, onLinesChecked: ((Int64) -> Bool)? = nil
    ) throws(StoreError) -> StoreSnapshot {
        var snapshot = StoreSnapshot()
        try requireSchema()
        try inTransaction(
            "set transaction isolation level repeatable read read only; set local statement_timeout = 0"
        ) {
            () throws(StoreError) in
            snapshot.head = try head()
            onHead(snapshot.head)
            if let onLinesChecked { try checkLines(of: &snapshot, onLinesChecked) }
            snapshot.eventCount = try countEvents()
            snapshot.events = try sums(
                """
                select coalesce(user_id, ''), type, coalesce(provider, ''), coalesce(model, ''), count(*),
                  coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0)
                from ledger.events where origin = $1 group by 1, 2, 3, 4 order by 1, 2, 3, 4
                """)
            for table in RollupTable.allCases { snapshot.rollups[table] = try rollup(table) }
            snapshot.containers = try containers()
            snapshot.quotas = try quotas()
        }
        return snapshot
    }

    private func head() throws(StoreError) -> StoreHead {
        var head = StoreHead()
        head.checkpoint = try checkpoint()
        let bounds = try query(
            "select min(position), max(position) from ledger.events where origin = $1", [origin])
        if let first = bounds.integer(0, 0), let last = bounds.integer(0, 1) {
            head.positions = Position(first)...Position(last)
        }
        let rows = try query(
            """
            select first_position, last_position, chain_before, chain from ledger.sealed_months
            where origin = $1 order by first_position
            """, [origin])
        for row in 0..<rows.rowCount {
            guard let first = rows.integer(row, 0), let last = rows.integer(row, 1), first <= last,
                let before = rows.bytea(row, 2), let chain = rows.bytea(row, 3)
            else { throw .unreadable("the sealed months of \"\(origin)\"") }
            head.seals.append(
                SealedMonth(positions: Position(first)...Position(last), chainBefore: before, chain: chain))
        }
        return head
    }

    /// Has the server recompute the chain of all that it holds, page by page.
    private func checkLines(
        of snapshot: inout StoreSnapshot, _ goesOn: (Int64) -> Bool
    ) throws(StoreError) {
        guard let positions = snapshot.head.positions else { return }
        var first = positions.lowerBound.value
        while first <= positions.upperBound.value {
            let last = min(first + Self.linesPerPage - 1, positions.upperBound.value)
            let rows = try query(
                "select checked, broken_at from ledger.verify_chain($1, $2, $3)",
                [origin, String(first), String(last)])
            let checked = rows.integer(0, 0) ?? 0
            snapshot.linesChecked += checked
            if let broken = rows.integer(0, 1) { snapshot.brokenAt = Position(broken) }
            guard goesOn(checked), snapshot.brokenAt == nil else { return }
            first = last + 1
        }
    }

    private static let linesPerPage: Int64 = 20_000

    /// The sums of all hours: ended calls and their cost.
    package func totals() throws(StoreError) -> (calls: Int64, cost: Money) {
        let rows = try query(
            "select coalesce(sum(calls), 0), coalesce(sum(cost_usd), 0) from ledger.usage_hourly where origin = $1",
            [origin])
        guard let calls = rows.integer(0, 0), let cost = rows.text(0, 1).flatMap({ try? Money(decimal: $0) })
        else { throw .unreadable("the totals of \"\(origin)\"") }
        return (calls, cost)
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
