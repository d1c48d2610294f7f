import LedgerCore

extension RandomEvents {
    mutating func reconciled() -> UsageReconciled {
        UsageReconciled(
            provider: text(), report: text(), sha256: text(), from: time().day, to: time().day,
            tokens: seed.once(in: 2)
                ? nil
                : .init(ledger: count(), provider: count(), captured: seed.once(in: 2) ? nil : count()),
            cost: seed.once(in: 2)
                ? nil
                : .init(ledger: money(), provider: money(), captured: seed.once(in: 2) ? nil : money()),
            rows: count(),
            rowsDiffering: count(), actor: text(), reason: optionalText())
    }
}
