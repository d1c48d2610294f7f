import LedgerCore
import Postgres

extension StoredEvent {
    /// The statement whose columns ``write(to:)`` fills, in its order.
    static let copyStatement = """
        copy pg_temp.ledger_incoming (position, recorded_at, id, type, user_id, call_id, dispatch_id,
          session_id, source, provider, model, result, cost_state, billing, price_book, input_tokens,
          output_tokens, cost_usd, duration_ms, provider_request_id, details, chain, line) from stdin
        """

    /// Adds the event as one row of COPY.
    func write(to rows: inout CopyTextWriter) {
        rows.append(position.value)
        rows.appendPlain { recordedAt.append(to: &$0) }
        rows.appendPlain { id.append(to: &$0) }
        rows.append(type)
        for text in [
            user, callID, dispatchID, sessionID, source, provider, model, result, costState, billing,
            priceBook,
        ] { rows.append(text) }
        write(inputTokens, to: &rows)
        write(outputTokens, to: &rows)
        if let cost {
            rows.appendPlain { DecimalText.append(cost.attos, decimals: 18, to: &$0) }
        } else {
            rows.appendNull()
        }
        write(durationMilliseconds, to: &rows)
        rows.append(providerRequestID)
        if let details { rows.append(details[...]) } else { rows.appendNull() }
        rows.appendBytea(chain)
        rows.append(line)
        rows.endRow()
    }

    private func write(_ number: Int64?, to rows: inout CopyTextWriter) {
        if let number { rows.append(number) } else { rows.appendNull() }
    }
}
