import LedgerCore
import Postgres

extension StoredEvent {
    /// The statement whose columns ``write(to:)`` fills, in its order.
    static let copyStatement = """
        copy pg_temp.ledger_incoming (position, recorded_at, id, type, user_id, call_id, dispatch_id,
          session_id, source, provider, model, result, cost_state, billing, price_book, provider_request_id,
          input_tokens, output_tokens, duration_ms, cost_usd, details, chain, line)
        from stdin with (format binary)
        """
    /// How many columns that are.
    static let columnCount = 23

    /// Adds the event as one row of COPY.
    func write(to rows: inout CopyWriter) {
        rows.beginRow()
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
        rows.append(line)
    }
}
