package import JSON
package import LedgerCore

extension UsageReconciled {
    /// What a provider's report and the ledger came to, for the record; nil: a sum is beyond every bound.
    package init?(_ both: UsageReconciliation, sha256: String, actor: String, reason: String?) {
        var tokens: Both<Int64>?
        if let sum = both.tokens {
            guard let ledger = Int64(exactly: sum.ledger), let provider = Int64(exactly: sum.provider),
                let captured = Int64(exactly: max(sum.captured, 0))
            else { return nil }
            tokens = Both(ledger: ledger, provider: provider, captured: captured)
        }
        let cost = both.cost.map {
            Both(
                ledger: Money(attos: $0.ledger), provider: Money(attos: $0.provider),
                captured: Money(attos: max($0.captured, 0)))
        }
        let (rows, report) = (both.rows, both.report)
        // A report that ends within a day covers that day as well.
        let isWhole = report.to == report.to.day.start
        self.init(
            provider: both.provider, report: report.kind.rawValue, sha256: sha256, from: report.from.day,
            to: isWhole ? report.to.day : report.to.day.next, tokens: tokens, cost: cost,
            rows: Int64(rows.count), rowsDiffering: Int64(rows.count { $0.difference != 0 }), actor: actor,
            reason: reason)
    }

    /// Writes the members that whoever records it sends.
    package func write(to json: inout JSONText) {
        json.member("provider", provider)
        json.member("report", report)
        json.member("sha256", sha256)
        json.member("from", from.text)
        json.member("to", to.text)
        if let tokens { Self.write("tokens", tokens, to: &json) { String($0) } }
        if let cost { Self.write("costUsd", cost, to: &json) { $0.decimalText } }
        json.member("rows", rows)
        json.member("rowsDiffering", rowsDiffering)
        if let reason { json.member("reason", reason) }
    }

    private static func write<Amount>(
        _ key: String, _ both: Both<Amount>, to json: inout JSONText, _ text: (Amount) -> String
    ) {
        json.key(key)
        json.object { json in
            json.key("ledger")
            json.raw(text(both.ledger))
            json.key("provider")
            json.raw(text(both.provider))
            if let captured = both.captured {
                json.key("captured")
                json.raw(text(captured))
            }
        }
    }
}

extension KnownReconciliation {
    /// Writes the members of an open object.
    package func write(to json: inout JSONText) {
        json.member("position", position.value)
        json.member("recordedAt", recordedAt.text)
        json.member("by", result.actor)
        result.write(to: &json)
    }
}
