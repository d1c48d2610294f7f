/// Corrections of costs.
extension LedgerState {
    /// The events for `adjustments`, which were worked out when the last correction was at `last`.
    ///
    /// A correction is a fact about what is spent, and may pass a limit.
    func judge(_ adjustments: [CostAdjusted], after last: Position) throws(Rejection) -> [Event] {
        guard last == lastAdjustment else { throw .alreadyAdjusted(lastAdjustment) }
        var events: [Event] = []
        for adjustment in adjustments where adjustment.old.cost != adjustment.new.cost {
            for cost in [adjustment.old.cost, adjustment.new.cost] {
                guard cost.amount >= .zero, cost.held >= .zero, cost.charged <= .amountMax
                else { throw .negative }
            }
            events.append(.costAdjusted(adjustment))
        }
        return events
    }

    mutating func keep(_ event: CostAdjusted, at position: Position) {
        lastAdjustment = position
        // Tokens are what they were: only what they cost is known better.
        adjust(
            payers(of: event.target), by: event.chargedDifference, tokens: 0, at: event.target.chargedAt,
            from: event.target.limits?.position ?? Position(.max))
    }

    /// Whose limits what a correction corrects was counted in.
    ///
    /// An older line does not say: it always was taken for the groups of now and the model that answered.
    package func payers(of target: CostTarget) -> Payers {
        target.limits.map {
            Payers(user: target.user, groups: $0.groups, models: limitedModels(of: $0.model))
        } ?? payers(target.user, model: target.model)
    }
}
