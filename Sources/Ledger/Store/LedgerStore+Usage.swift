package import LedgerCore
import Postgres

extension LedgerStore {
    /// The sums that `breakdown` asks for, and how far the journal was stored at that moment.
    ///
    /// One more than `rowsMax` come back at most, in no order.
    ///
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/schema(found:wanted:)``,
    ///   ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``.
    package func usage(
        _ breakdown: UsageBreakdown, rowsMax: Int
    ) throws(StoreError) -> (position: Position, rows: [UsageGroup: UsageSums]) {
        try requireSchema()
        var position = Position(0)
        var sums: [UsageGroup: UsageSums] = [:]
        try inTransaction("set transaction isolation level repeatable read read only") {
            () throws(StoreError) in
            position = try checkpoint()?.position ?? Position(0)
            let rows = try query(
                Self.statement(RollupTable(for: breakdown)), parameters(of: breakdown, rowsMax))
            for row in 0..<rows.rowCount {
                guard let group = UsageGroup(rows, row), let sum = Self.sums(rows, row) else {
                    throw .unreadable("the usage of \"\(origin)\"")
                }
                sums[group] = sum
            }
        }
        return (position, sums)
    }

    private func parameters(of breakdown: UsageBreakdown, _ rowsMax: Int) -> [String?] {
        let kept = [UsageDimension.user, .kind, .source, .provider, .model].map {
            breakdown.dimensions.contains($0) ? "t" : "f"
        }
        return [origin, breakdown.from.text, breakdown.to.text, breakdown.user?.text] + kept
            + [String(rowsMax + 1)]
    }

    private static func sums(_ rows: borrowing PostgresResult, _ row: Int) -> UsageSums? {
        var counts: [Int64] = []
        for column in 6..<17 {
            guard let count = rows.integer(row, column) else { return nil }
            counts.append(count)
        }
        var amounts: [Money] = []
        for column in 17..<21 {
            guard let amount = rows.text(row, column).flatMap({ try? Money(decimal: $0) }) else { return nil }
            amounts.append(amount)
        }
        var sums = UsageSums()
        sums.calls = counts[0]
        sums.errors = counts[1]
        sums.rejected = counts[2]
        sums.inputTokens = counts[3]
        sums.outputTokens = counts[4]
        sums.unpricedCalls = counts[5]
        sums.dispatches = counts[6]
        sums.failedDispatches = counts[7]
        sums.cpuMilliseconds = counts[8]
        sums.memoryMebibyteSeconds = counts[9]
        sums.adjustments = counts[10]
        sums.cost = amounts[0]
        sums.estimated = amounts[1]
        sums.held = amounts[2]
        sums.adjusted = amounts[3]
        return sums
    }

    private static func statement(_ table: RollupTable) -> String {
        let isOfUser = table.dimensions.contains(.user) ? "user_id = $4" : "false"
        return """
            select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
              case when $5::boolean then \(table.column(.user)) else '' end,
              case when $6::boolean then \(table.column(.kind)) else '' end,
              case when $7::boolean then \(table.column(.source)) else '' end,
              case when $8::boolean then \(table.column(.provider)) else '' end,
              case when $9::boolean then \(table.column(.model)) else '' end,
              sum(calls), sum(errors), sum(rejected), sum(input_tokens), sum(output_tokens),
              sum(unpriced_calls), sum(dispatches), sum(failed_dispatches),
              sum(cpu_ms), sum(memory_mib_s), sum(adjustments),
              sum(cost_usd), sum(estimated_usd), sum(held_usd), sum(adjusted_usd)
            from ledger.\(table.name)
            where origin = $1 and bucket >= $2::timestamptz and bucket < $3::timestamptz
              and ($4::text is null or \(isOfUser))
            group by 1, 2, 3, 4, 5, 6 limit $10
            """
    }
}
