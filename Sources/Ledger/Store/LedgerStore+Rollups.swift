import LedgerCore
import Postgres

extension LedgerStore {
    /// Every row of the origin in `table`, read through a cursor; in a transaction.
    func rollup(_ table: RollupTable) throws(StoreError) -> [UsageGroup: UsageSums] {
        _ = try query(
            """
            declare rollup no scroll cursor for
            select to_char(bucket, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), \(table.column(.user)),
              \(table.column(.kind)), \(table.column(.source)), \(table.column(.provider)),
              \(table.column(.model)),
              calls, errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
              unpriced_calls, duration_ms, dispatches, failed_dispatches, cpu_ms, memory_mib_s,
              adjustments, cost_usd, estimated_usd, held_usd, adjusted_usd
            from ledger.\(table.name) where origin = $1
            """, [origin])
        var found: [UsageGroup: UsageSums] = [:]
        while true {
            let rows = try query("fetch 10000 from rollup")
            guard rows.rowCount > 0 else { break }
            for row in 0..<rows.rowCount {
                guard let group = UsageGroup(rows, row), let sums = UsageSums(rows, row) else {
                    throw .unreadable("\(table.name) of \"\(origin)\"")
                }
                found[group] = sums
            }
        }
        try execute("close rollup")
        return found
    }
}

extension UsageGroup {
    /// The first six columns: the bucket's start, user, kind, source, provider, model.
    init?(_ rows: borrowing PostgresResult, _ row: Int) {
        guard let start = rows.text(row, 0).flatMap({ Timestamp($0.utf8) }), let user = rows.text(row, 1),
            let kind = rows.text(row, 2), let source = rows.text(row, 3), let provider = rows.text(row, 4),
            let model = rows.text(row, 5)
        else { return nil }
        self.init(start: start, user: user, kind: kind, source: source, provider: provider, model: model)
    }
}

extension UsageSums {
    fileprivate init?(_ rows: borrowing PostgresResult, _ row: Int) {
        var counts: [Int64] = []
        for column in 6..<20 {
            guard let count = rows.integer(row, column) else { return nil }
            counts.append(count)
        }
        var amounts: [Money] = []
        for column in 20..<24 {
            guard let amount = rows.text(row, column).flatMap({ try? Money(decimal: $0) }) else { return nil }
            amounts.append(amount)
        }
        self.init()
        calls = counts[0]
        errors = counts[1]
        rejected = counts[2]
        inputTokens = counts[3]
        outputTokens = counts[4]
        cacheReadTokens = counts[5]
        cacheWriteTokens = counts[6]
        unpricedCalls = counts[7]
        durationMilliseconds = counts[8]
        dispatches = counts[9]
        failedDispatches = counts[10]
        cpuMilliseconds = counts[11]
        memoryMebibyteSeconds = counts[12]
        adjustments = counts[13]
        cost = amounts[0]
        estimated = amounts[1]
        held = amounts[2]
        adjusted = amounts[3]
    }
}
