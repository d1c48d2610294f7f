import LedgerCore
import Postgres

extension LedgerStore {
    /// Adds to the hourly sums, in the order of their keys.
    func addSums(_ sums: [RollupKey: UsageSums]) throws(StoreError) {
        guard !sums.isEmpty else { return }
        var columns = [ArrayText](repeating: ArrayText(), count: 22)
        for (key, sum) in sums.sorted(by: { $0.key.isBefore($1.key) }) {
            let values: [String] = [
                key.user.text, key.hour.text, key.kind.rawValue, key.source, key.provider, key.model,
                String(sum.calls),
                String(sum.errors), String(sum.rejected), String(sum.inputTokens), String(sum.outputTokens),
                String(sum.cacheReadTokens), String(sum.cacheWriteTokens), sum.cost.decimalText,
                sum.estimated.decimalText, String(sum.unpricedCalls), sum.held.decimalText,
                String(sum.durationMilliseconds), String(sum.dispatches), String(sum.failedDispatches),
                String(sum.cpuMilliseconds), String(sum.memoryMebibyteSeconds),
            ]
            for (index, value) in values.enumerated() { columns[index].append(value) }
        }
        _ = try query(Self.addSumsStatement, [origin] + columns.map(\.text))
    }

    private static let addSumsStatement = """
        insert into ledger.usage_hourly as stored (origin, user_id, bucket, kind, source, provider, model,
          calls, errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
          cost_usd, estimated_usd, unpriced_calls, held_usd, duration_ms, dispatches,
          failed_dispatches, cpu_ms, memory_mib_s)
        select $1::text, added.* from unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[],
          $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
          $13::bigint[], $14::bigint[], $15::numeric[], $16::numeric[], $17::bigint[], $18::numeric[],
          $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[]) as added
        on conflict (origin, user_id, bucket, kind, source, provider, model) do update set
          calls = stored.calls + excluded.calls,
          errors = stored.errors + excluded.errors,
          rejected = stored.rejected + excluded.rejected,
          input_tokens = stored.input_tokens + excluded.input_tokens,
          output_tokens = stored.output_tokens + excluded.output_tokens,
          cache_read_tokens = stored.cache_read_tokens + excluded.cache_read_tokens,
          cache_write_tokens = stored.cache_write_tokens + excluded.cache_write_tokens,
          cost_usd = stored.cost_usd + excluded.cost_usd,
          estimated_usd = stored.estimated_usd + excluded.estimated_usd,
          unpriced_calls = stored.unpriced_calls + excluded.unpriced_calls,
          held_usd = stored.held_usd + excluded.held_usd,
          duration_ms = stored.duration_ms + excluded.duration_ms,
          dispatches = stored.dispatches + excluded.dispatches,
          failed_dispatches = stored.failed_dispatches + excluded.failed_dispatches,
          cpu_ms = stored.cpu_ms + excluded.cpu_ms,
          memory_mib_s = stored.memory_mib_s + excluded.memory_mib_s
        """
}

extension RollupKey {
    /// The order in which rows are locked: the same for every session, so that none waits for another in a
    /// circle.
    fileprivate func isBefore(_ other: RollupKey) -> Bool {
        (user.text, hour, kind.rawValue, source, provider, model)
            < (other.user.text, other.hour, other.kind.rawValue, other.source, other.provider, other.model)
    }
}
