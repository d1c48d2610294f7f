import LedgerCore
import Postgres

extension RollupKey {
    /// The statement whose columns ``write(_:origin:to:)`` fills, in its order.
    static let copyStatement = """
        copy pg_temp.ledger_incoming_usage (origin, user_id, bucket, kind, source, provider, model, calls,
          errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, unpriced_calls,
          duration_ms, dispatches, failed_dispatches, cpu_ms, memory_mib_s, adjustments, cost_usd,
          estimated_usd, held_usd, adjusted_usd)
        from stdin with (format binary)
        """
    /// How many columns that are.
    static let columnCount = 25

    /// Adds `sums` under this key as one row of COPY.
    func write(_ sums: UsageSums, origin: String, to rows: inout CopyWriter) {
        rows.beginRow()
        rows.append(origin)
        rows.append(user.text)
        rows.append(microsecondsSince1970: hour.microseconds)
        rows.append(kind.rawValue)
        rows.append(source)
        rows.append(provider)
        rows.append(model)
        rows.append(sums.calls)
        rows.append(sums.errors)
        rows.append(sums.rejected)
        rows.append(sums.inputTokens)
        rows.append(sums.outputTokens)
        rows.append(sums.cacheReadTokens)
        rows.append(sums.cacheWriteTokens)
        rows.append(sums.unpricedCalls)
        rows.append(sums.durationMilliseconds)
        rows.append(sums.dispatches)
        rows.append(sums.failedDispatches)
        rows.append(sums.cpuMilliseconds)
        rows.append(sums.memoryMebibyteSeconds)
        rows.append(sums.adjustments)
        rows.append(numericAttos: sums.cost.attos)
        rows.append(numericAttos: sums.estimated.attos)
        rows.append(numericAttos: sums.held.attos)
        rows.append(numericAttos: sums.adjusted.attos)
    }
}
