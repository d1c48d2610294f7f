/// The result of a provider's report.
extension EventEncoder {
    static func write(_ event: UsageReconciled, to line: inout LineWriter) {
        writeResult(event, to: &line)
        line.field("by", event.actor)
        line.field("reason", event.reason)
    }

    /// Writes everything but who recorded it and why.
    static func writeResult(_ event: UsageReconciled, to line: inout LineWriter) {
        line.field("provider", event.provider)
        line.field("report", event.report)
        line.field("sha256", event.sha256)
        line.field("from", event.from.text)
        line.field("to", event.to.text)
        if let tokens = event.tokens {
            line.object("tokens") { fields in
                fields.field("ledger", tokens.ledger)
                fields.field("provider", tokens.provider)
                if let captured = tokens.captured { fields.field("captured", captured) }
            }
        }
        if let cost = event.cost {
            line.object("costUsd") { fields in
                fields.field("ledger", cost.ledger)
                fields.field("provider", cost.provider)
                if let captured = cost.captured { fields.field("captured", captured) }
            }
        }
        line.field("rows", event.rows)
        line.field("rowsDiffering", event.rowsDiffering)
    }
}
