/// What happened, in words: the `message` of an activity line.
enum ActivityMessage {
    /// One short sentence without its full stop.
    static func text(of event: Event) -> String {
        switch event {
        case .callReserved(let event): "\(event.user.text) calls \(event.call.model)"
        case .callSettled(let event):
            "\(event.call.user.text) called \(name(event.call.model)): \(event.result.rawValue), "
                + figures(event.usage, event.cost)
        case .callRejected(let event):
            "a call of \(event.user.text)'s to \(name(event.call.model)) was refused: "
                + event.limit.kind.rawValue
        case .callExpired(let event):
            "a call of \(event.user.text)'s to \(name(event.call.model)) has no end (\(event.reason.rawValue)): "
                + amount(event.cost)
        case .quotaSet(let event):
            "\(event.actor) set limits of \(whose(event.subject)): \(limits(event.quota))"
                + place(event.source)
        case .quotaRemoved(let event):
            "\(event.actor) removed the limits of \(who(event.subject))" + place(event.source)
        case .groupJoined(let event):
            "\(event.actor) put \(event.user.text) into the group \(event.group.text)" + place(event.source)
        case .groupLeft(let event):
            "\(event.actor) took \(event.user.text) out of the group \(event.group.text)"
                + place(event.source)
        case .thresholdCrossed(let event):
            "\(event.threshold) % of \(amount(event.limit)) are used by \(who(event.subject))"
        case .leaseSet(let event):
            "\(amount(event.key.measure, event.leased)) of \(amount(Limit(event.key.measure, event.key.window, amount: event.limit))) "
                + "may be spent here by \(who(event.key.subject)) (\(event.cause.rawValue))"
        case .pricesPublished(let event):
            "prices of \(event.models) models came into force, from \(event.source)"
        case .dispatchStarted(let event):
            "a run of \(event.dispatch.user.text)'s began, from \(event.dispatch.source)"
        case .dispatchCompleted(let event):
            "a run of \(event.dispatch.user.text)'s ended: \(event.reason ?? event.result.rawValue), "
                + "\(event.calls) call\(event.calls == 1 ? "" : "s"), " + figures(event.usage, event.cost)
        case .dispatchRejected(let event):
            "a run of \(event.dispatch.user.text)'s was refused: \(event.reason.rawValue)"
        case .alertReceived(let event):
            event.status == .firing ? "\(event.name) fires" : "\(event.name) is over"
        case .containerChanged(let event):
            "container \(event.container.handle.text) \(words(event.change)) (\(event.reason))"
        case .usageReported(let event):
            "\(event.source) reported usage of \(event.user.text)'s, \(event.model): "
                + figures(event.usage, event.cost)
        case .costAdjusted(let event):
            "\(event.actor) corrected a cost of \(event.user.text)'s, \(name(event.target.model)): "
                + "\(amount(event.old.cost)) before, \(amount(event.new.cost)) now"
        case .usageReconciled(let event):
            "\(event.actor) held the ledger against \(event.report) of \(event.provider), "
                + "\(event.from.text) to \(event.to.text): \(event.rowsDiffering) of \(event.rows) figures differ"
        }
    }

    /// Where a change was made, when that is elsewhere.
    private static func place(_ source: ChangeSource?) -> String {
        source?.copiedFrom.map { " (copied from \($0.origin))" } ?? ""
    }

    private static func name(_ model: String) -> String { model.isEmpty ? "a provider" : model }

    private static func figures(_ usage: Usage, _ cost: Cost) -> String {
        "\(usage.inputTokens) tokens in, \(usage.outputTokens) out, \(amount(cost))"
    }

    private static func amount(_ cost: Cost) -> String {
        switch cost.state {
        case .priced: "$\(cost.amount.decimalText)"
        case .estimated: "$\(cost.amount.decimalText) estimated"
        case .unpriced: "no price is known"
        }
    }

    private static func limits(_ quota: Quota) -> String {
        var parts: [String] = []
        for limit in quota.allLimits { parts.append(amount(limit)) }
        if !quota.isEnabled { parts.append("no calls at all") }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }

    private static func amount(_ limit: Limit) -> String {
        "\(amount(limit.measure, limit.amount)) \(article(limit.window))"
    }

    private static func amount(_ measure: LimitMeasure, _ amount: Int128) -> String {
        measure == .cost
            ? "$\(Money(attos: amount).decimalText)" : "\(amount) \(measure.rawValue)"
    }

    private static func article(_ window: LimitWindow) -> String {
        "\(window == .hour ? "an" : "a") \(window.rawValue)"
    }

    private static func who(_ subject: QuotaSubject) -> String {
        switch subject {
        case .user(let user): user.text
        case .group(let group): "the group \(group.text)"
        case .model(let model): "the model \(model)"
        case .global: "all together"
        case .unknownUsers: "users without limits of their own"
        }
    }

    private static func whose(_ subject: QuotaSubject) -> String {
        subject.user.map { "\($0.text)'s" } ?? who(subject)
    }

    private static func words(_ change: ContainerChange) -> String {
        switch change {
        case .provisioned: "was provisioned"
        case .started: "was started"
        case .stopped: "stopped"
        case .destroyed: "is gone"
        case .oom: "ran out of memory"
        }
    }
}
