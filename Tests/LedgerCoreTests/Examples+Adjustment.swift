import LedgerCore

extension Examples {
    /// A price that was too high, a call that has a price now, and a direct run's share.
    static func adjustments() throws -> [CostAdjusted] {
        let alice = try user("alice")
        let before = try moment("2026-11-24T21:59:59.5Z")
        let after = try moment("2026-11-24T22:00:07Z")
        let call = call(1, of: alice)
        let target = CostTarget(
            position: Position(41), user: alice, kind: .call, callID: call.callID, dispatchID: "d-7",
            source: "proxy", provider: "anthropic", model: call.model, recordedAt: after, chargedAt: before)
        let run = CostTarget(
            position: Position(12), user: alice, kind: .dispatch,
            dispatchID: dispatch(3, of: alice).dispatchID.text, source: "web", provider: "anthropic",
            model: "claude-haiku-4-5", recordedAt: after, chargedAt: after)
        return [
            CostAdjusted(
                target: target, old: RatedCost(.priced(try usd("30")), by: "5f2a"),
                new: RatedCost(.priced(try usd("0.03")), by: "77c1"), reason: "a price had a zero too many",
                actor: "admin"),
            CostAdjusted(
                target: target, old: RatedCost(.unpriced(holding: try usd("1")), by: "5f2a"),
                new: RatedCost(.priced(try usd("0.000000000000000001")), by: "77c1"),
                reason: "a price is known now", actor: "ledger"),
            CostAdjusted(
                target: run, old: RatedCost(.estimated(try usd("0.2")), by: "5f2a"),
                new: RatedCost(.estimated(try usd("0.25")), by: "77c1"), reason: "prices were corrected",
                actor: "admin"),
        ]
    }
}
