import LedgerCore
import Postgres

extension RollupKey {
    /// The statement whose columns ``write(_:origin:to:)`` fills, in its order.
    static let copyStatement = """
        copy pg_temp.ledger_incoming_usage (origin, user_id, bucket, kind, source, provider, model, calls,
          errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd,
          estimated_usd, unpriced_calls, held_usd, duration_ms, dispatches, failed_dispatches, cpu_ms,
          memory_mib_s) from stdin
        """

    /// Adds `sums` under this key as one row of COPY.
    func write(_ sums: UsageSums, origin: String, to rows: inout CopyTextWriter) {
        for text in [origin, user.text] { rows.append(text) }
        rows.appendPlain { hour.append(to: &$0) }
        for text in [kind.rawValue, source, provider, model] { rows.append(text) }
        for count in [
            sums.calls, sums.errors, sums.rejected, sums.inputTokens, sums.outputTokens, sums.cacheReadTokens,
            sums.cacheWriteTokens,
        ] { rows.append(count) }
        write(sums.cost, to: &rows)
        write(sums.estimated, to: &rows)
        rows.append(sums.unpricedCalls)
        write(sums.held, to: &rows)
        for count in [
            sums.durationMilliseconds, sums.dispatches, sums.failedDispatches, sums.cpuMilliseconds,
            sums.memoryMebibyteSeconds,
        ] { rows.append(count) }
        rows.endRow()
    }

    private func write(_ amount: Money, to rows: inout CopyTextWriter) {
        rows.appendPlain { DecimalText.append(amount.attos, decimals: 18, to: &$0) }
    }
}
