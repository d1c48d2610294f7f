/// A recorded amount of money, and what a price book needs to work it out anew.
package struct RatedUse: Hashable, Sendable {
    /// What it is.
    package let target: CostTarget
    /// What it cost when it was recorded.
    package let recorded: RatedCost
    private let basis: Basis
    /// The moment whose prices apply.
    private let pricedAt: Timestamp

    /// What a cost was worked out from.
    private enum Basis: Hashable {
        /// Usage and fees beside it; sure: by the provider's own final word.
        case usage([UsagePart], Set<PriceModifier>, fees: Money = .zero, isSure: Bool)
        /// No figures: what was held counts once the model has a price.
        case held
        /// Nothing that prices change: a refusal, a free call, the bound of a call without an end, compute.
        case fixed
    }

    /// What is known of a call's reservation when its end is read.
    package struct Reserved: Hashable, Sendable {
        /// When it was made.
        package let time: Timestamp
        /// Whether it held nothing, as calls do that cost nothing whatever the prices are.
        package let isFree: Bool
        /// The limits that the call counts in.
        package let limits: ChargedLimits

        /// What `event`, recorded at `position` and `time`, says of a user who is in `groups`.
        package init(
            _ event: CallReserved, at position: Position, _ time: Timestamp, in groups: [GroupName]
        ) {
            self.time = time
            limits = ChargedLimits(position: position, model: event.call.model, groups: groups)
            isFree = event.reserved == .zero && event.reservedTokens == 0
        }
    }

    /// Gives each amount of money that `recorded` records to `body`; corrections are none of their own.
    ///
    /// `reserved` is what a call's reservation says, `groups` those that the user is in at this event.
    package static func each(
        of recorded: RecordedEvent, reserved: Reserved? = nil, in groups: [GroupName] = [],
        _ body: (RatedUse) -> Void
    ) {
        switch recorded.event {
        case .callSettled(let event): body(RatedUse(event, recorded, reserved))
        case .callExpired(let event):
            let target = CostTarget(
                event.call, position: recorded.position, at: recorded.timestamp, reserved)
            body(RatedUse(target, RatedCost(event.cost, by: ""), .fixed, at: recorded.timestamp))
        case .dispatchCompleted(let event) where event.billing == .direct:
            each(of: event, recorded, groups, body)
        case .usageReported(let event): body(RatedUse(event, recorded, groups))
        default: break
        }
    }

    /// What it costs by `book`; nil: what it costs by `current` stands.
    ///
    /// A cost that comes from the same book stands, and so does one that the book has no price for.
    package func cost(by book: PriceBook, current: RatedCost) -> Cost? {
        guard current.priceBook != book.hash else { return nil }
        switch basis {
        case .fixed: return nil
        case .held:
            guard current.cost.state == .unpriced,
                book.model(target.model, provider: target.provider)?.period(at: pricedAt) != nil
            else { return nil }
            return .estimated(current.cost.held)
        case .usage(let parts, let modifiers, let fees, let isSure):
            let pricing = Pricing(book: book, provider: target.provider, time: pricedAt)
            guard let used = try? pricing.cost(of: parts, modifiers: modifiers) else { return nil }
            let amount = min(used.addingClamped(fees), .amountMax)
            let cost = isSure ? Cost.priced(amount) : .estimated(amount)
            return cost == current.cost ? nil : cost
        }
    }

    private init(_ target: CostTarget, _ cost: RatedCost, _ basis: Basis, at time: Timestamp) {
        self.target = target
        recorded = cost
        self.basis = basis
        pricedAt = time
    }

    private init(_ event: CallSettled, _ recorded: RecordedEvent, _ reserved: Reserved?) {
        let target = CostTarget(event.call, position: recorded.position, at: recorded.timestamp, reserved)
        let isSeen = event.usageSource == .providerFinal || event.usageSource == .providerPartial
        let basis: Basis =
            if reserved?.isFree ?? true {
                .fixed
            } else if isSeen {
                .usage(
                    event.priced, event.modifiers, fees: event.fees ?? .zero, isSure: event.isSure)
            } else {
                // On a path that is not known a model's price says nothing of what was done with it.
                event.cost.state == .unpriced && event.call.isKnownAPI ? .held : .fixed
            }
        self.init(target, RatedCost(event.cost, by: event.priceBook), basis, at: target.chargedAt)
    }

    private init(_ event: UsageReported, _ recorded: RecordedEvent, _ groups: [GroupName]) {
        let target = CostTarget(
            position: recorded.position, user: event.user, kind: event.kind, source: event.source,
            provider: event.provider, model: event.model, recordedAt: recorded.timestamp,
            chargedAt: recorded.timestamp,
            limits: ChargedLimits(position: recorded.position, model: event.model, groups: groups))
        let part = UsagePart(model: event.model, usage: event.usage)
        self.init(
            target, RatedCost(event.cost, by: event.priceBook),
            event.kind == .report ? .usage([part], [], isSure: true) : .fixed, at: event.usedAt)
    }

    /// The shares of a run that is money of its own.
    ///
    /// One that has no price keeps it so: its line names one model, where it may have used several.
    private static func each(
        of event: DispatchCompleted, _ recorded: RecordedEvent, _ groups: [GroupName],
        _ body: (RatedUse) -> Void
    ) {
        // All of it counts in the limits of the model that the run names, whichever a share is of.
        let limits = ChargedLimits(position: recorded.position, model: event.model, groups: groups)
        event.eachModel { provider, model, sums in
            let target = CostTarget(
                position: recorded.position, user: event.dispatch.user, kind: .dispatch,
                dispatchID: event.dispatch.dispatchID.text, source: event.dispatch.source,
                provider: provider, model: model, recordedAt: recorded.timestamp,
                chargedAt: recorded.timestamp, limits: limits)
            let share = event.models.first { $0.provider == provider && $0.model == model }
            let part = UsagePart(model: model, usage: share?.usage ?? event.usage)
            let cost: Cost =
                switch event.cost.state {
                case .unpriced: event.cost
                case .priced: .priced(sums.cost)
                case .estimated: .estimated(sums.cost)
                }
            let isUsed = event.cost.state == .estimated && event.usageSource == .reportedByAgent
            body(
                RatedUse(
                    target, RatedCost(cost, by: event.priceBook),
                    isUsed ? .usage([part], [], isSure: false) : .fixed, at: recorded.timestamp))
        }
    }
}

extension CallSettled {
    /// Whether its figures are the provider's last word and agree with each other.
    fileprivate var isSure: Bool {
        usageSource == .providerFinal && !usageInconsistent && fees == nil && cost.state != .estimated
    }
}

extension CostTarget {
    fileprivate init(
        _ call: CallIdentity, position: Position, at time: Timestamp, _ reserved: RatedUse.Reserved?
    ) {
        self.init(
            position: position, user: call.user, kind: .call, callID: call.callID,
            dispatchID: call.dispatchID, source: call.source, provider: call.provider, model: call.model,
            recordedAt: time, chargedAt: reserved?.time ?? time, limits: reserved?.limits)
    }
}
