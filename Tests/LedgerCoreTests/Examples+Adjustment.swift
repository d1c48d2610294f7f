import LedgerCore
import Testing

extension Examples {
    /// A price that was too high, a call that has a price now, and a direct run's share: as older lines say
    /// it, and with the limits that they were counted in.
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
        func counted(_ target: CostTarget, in limits: ChargedLimits) -> CostTarget {
            CostTarget(
                position: target.position, user: target.user, kind: target.kind, callID: target.callID,
                dispatchID: target.dispatchID, source: target.source, provider: target.provider,
                model: target.model, recordedAt: target.recordedAt, chargedAt: target.chargedAt,
                limits: limits)
        }
        let groups = try ["blue", "red"].map { try #require(GroupName($0)) }
        let limits = [
            ChargedLimits(position: Position(40), model: "claude-sonnet-4-0", groups: groups),
            ChargedLimits(position: Position(40), model: target.model),
            ChargedLimits(position: Position(12), model: "", groups: [groups[1]]),
        ]
        let older = try older(target, run)
        return older
            + zip(older, limits).map { event, limits in
                CostAdjusted(
                    target: counted(event.target, in: limits), old: event.old, new: event.new,
                    reason: event.reason, actor: event.actor)
            }
    }

    private static func older(_ target: CostTarget, _ run: CostTarget) throws -> [CostAdjusted] {
        [
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
