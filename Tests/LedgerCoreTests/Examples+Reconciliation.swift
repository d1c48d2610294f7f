import LedgerCore

extension Examples {
    /// A report of tokens, and one of tokens and money, recorded with a reason.
    static func reconciliations() throws -> [UsageReconciled] {
        let first = try moment("2026-11-01T00:00:00Z").day
        let end = try moment("2026-11-24T00:00:00Z").day
        let hash = String(repeating: "5f2a", count: 16)
        return [
            UsageReconciled(
                provider: "anthropic", report: "anthropic_usage", sha256: hash, from: first, to: end,
                tokens: .init(ledger: 2_707, provider: 3_700, captured: 2_700), cost: nil, rows: 6,
                rowsDiffering: 2,
                actor: "admin"),
            UsageReconciled(
                provider: "openai", report: "openrouter_activity", sha256: hash, from: first, to: first.next,
                tokens: .init(ledger: 175, provider: 175),
                cost: .init(
                    ledger: try usd("0.015000000000000001"), provider: try usd("0.015"),
                    captured: try usd("0.014")), rows: 3,
                rowsDiffering: 1, actor: "admin", reason: "the month's close spends an hour"),
        ]
    }
}
