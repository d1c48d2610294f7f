import LedgerCore
import Testing

extension RandomEvents {
    mutating func adjusted() throws -> CostAdjusted {
        let groups = try ["blue", "g:1", "red"].filter { _ in seed.once(in: 2) }
            .map { try #require(GroupName($0)) }
        let model = text()
        let limits = ChargedLimits(
            position: Position(count()), model: seed.once(in: 2) ? model : text(), groups: groups)
        let target = CostTarget(
            position: Position(count()), user: try user(), kind: seed.pick(UsageKind.allCases),
            callID: seed.once(in: 2) ? nil : sharedID(), dispatchID: optionalText(), source: text(),
            provider: text(), model: model, recordedAt: time(), chargedAt: time(),
            limits: seed.once(in: 3) ? nil : limits)
        return CostAdjusted(
            target: target, old: RatedCost(cost(), by: text()), new: RatedCost(cost(), by: text()),
            reason: text(), actor: text())
    }
}
