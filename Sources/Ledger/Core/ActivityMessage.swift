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
        case .quotaSet(let event): "\(event.actor) set limits of \(event.user.text)'s: \(limits(event.quota))"
        case .quotaRemoved(let event): "\(event.actor) removed the limits of \(event.user.text)"
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
        }
    }

    private static func name(_ model: String) -> String { model.isEmpty ? "a provider" : model }

    private static func figures(_ usage: Usage, _ cost: Cost) -> String {
        "\(usage.inputTokens) tokens in, \(usage.outputTokens) out, \(amount(cost))"
    }

    private static func amount(_ cost: Cost) -> String {
        switch cost.state {
        case .priced: "$\(cost.amount.decimalText)"
        case .estimated: "at most $\(cost.amount.decimalText)"
        case .unpriced: "no price is known"
        }
    }

    private static func limits(_ quota: Quota) -> String {
        var parts: [String] = []
        if let limit = quota.dailyLimit { parts.append("$\(limit.decimalText) a day") }
        if let limit = quota.monthlyLimit { parts.append("$\(limit.decimalText) a month") }
        if let limit = quota.dailyTokens { parts.append("\(limit) tokens a day") }
        if !quota.isEnabled { parts.append("no calls at all") }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
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
