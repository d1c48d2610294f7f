import LedgerCore

extension RandomEvents {
    mutating func adjusted() throws -> CostAdjusted {
        let target = CostTarget(
            position: Position(count()), user: try user(), kind: seed.pick(UsageKind.allCases),
            callID: seed.once(in: 2) ? nil : sharedID(), dispatchID: optionalText(), source: text(),
            provider: text(), model: text(), recordedAt: time(), chargedAt: time())
        return CostAdjusted(
            target: target, old: RatedCost(cost(), by: text()), new: RatedCost(cost(), by: text()),
            reason: text(), actor: text())
    }
}
