import Wire
import LedgerCore

/// Turns what was seen of an answer into the event that ends its call.
struct Settlement {
    let call: CallIdentity
    let reserved: Money
    let reservedTokens: Int64
    let prices: PriceBook
    let time: Timestamp
    let billing: CallBilling

    /// How an answer ended.
    enum Ending {
        /// The provider sent all of it.
        case complete
        /// It broke off, or was cut off here.
        case broken
        /// The request was never sent.
        case notSent
    }

    /// The settlement of an answer with `status` (0: none came).
    func event(
        status: Int, ending: Ending, reading: UsageReading, isClientGone: Bool, durationMilliseconds: Int64,
        prompt: String?
    ) -> CallSettled {
        // Figures from before an answer's own end are not its last ones, however orderly its bytes ended.
        let isEndMissing = ending == .complete && reading.usage != nil && !reading.sawTerminal
        let ending = isEndMissing ? .broken : ending
        let outcome = outcome(status: status, ending: ending, reading)
        let answered = reading.responseModel?.cleanName(bytesMax: 256)
        let identity = CallIdentity(
            callID: call.callID, user: call.user, source: call.source, provider: call.provider,
            model: answered ?? call.model, api: call.api, dispatchID: call.dispatchID,
            sessionID: call.sessionID)
        let isOK = ending == .complete && (200..<400).contains(status) && !reading.isErrorMidStream
        return CallSettled(
            call: identity, requestModel: answered == call.model || answered == nil ? nil : call.model,
            result: isClientGone ? .aborted : isOK ? .ok : .error, status: Int64(status),
            usage: outcome.usage,
            usageSource: outcome.source, usageInconsistent: reading.isInconsistent, cost: outcome.cost,
            priceBook: prices.hash, serviceTier: reading.serviceTier?.prefix(scalarsMax: 64),
            providerRequestID: reading.responseID?.cleanName(bytesMax: 256),
            durationMilliseconds: durationMilliseconds, prompt: prompt, toolsUsed: reading.toolsUsed)
    }

    private struct Outcome {
        var usage = Usage()
        let source: UsageSource
        let cost: Cost
    }

    private func outcome(status: Int, ending: Ending, _ reading: UsageReading) -> Outcome {
        // A refusal by the provider, and what is free, cost nothing and are known to cost nothing.
        let isRefused = ending == .notSent || status >= 400 || (300..<400).contains(status)
        if reading.usage == nil, isRefused || billing == .free {
            return Outcome(source: .none, cost: .priced(.zero))
        }
        guard let usage = reading.usage, usage.isPlausible else {
            // Served, or perhaps served, and no figures: the bound counts, never zero.
            guard isKnown(call.model) else {
                return Outcome(source: .none, cost: .unpriced(holding: reserved))
            }
            return Outcome(source: .estimated, cost: .estimated(reserved))
        }
        if billing == .free { return Outcome(usage: usage, source: reading.source, cost: .priced(.zero)) }
        let pricing = Pricing(book: prices, provider: call.provider, time: time)
        let modifiers = modifiers(reading)
        do throws(PricingGap) {
            let cost = try pricing.cost(of: parts(of: reading, usage), modifiers: modifiers)
            guard isCut(ending, reading) else {
                // Figures that contradict each other are not the provider's word for a price.
                let isSure = !reading.isInconsistent
                return Outcome(
                    usage: usage, source: reading.source, cost: isSure ? .priced(cost) : .estimated(cost))
            }
            let seen = bounded(usage, reading)
            // No provider bills more than was reserved, unless it says so itself.
            let bound = min(try pricing.cost(of: [seen], modifiers: modifiers), reserved)
            return Outcome(usage: seen.usage, source: reading.source, cost: .estimated(max(cost, bound)))
        } catch {
            return Outcome(usage: usage, source: reading.source, cost: .unpriced(holding: reserved))
        }
    }

    /// Whether the figures are from before the answer's end, or an event with figures was lost.
    private func isCut(_ ending: Ending, _ reading: UsageReading) -> Bool {
        ending == .broken && !reading.sawTerminal || reading.isInconsistent && reading.events > 0
    }

    private func isKnown(_ model: String) -> Bool { prices.model(model, provider: call.provider) != nil }

    private func parts(of reading: UsageReading, _ usage: Usage) -> [UsagePart] {
        let model = reading.responseModel ?? call.model
        guard !reading.parts.isEmpty else { return [UsagePart(model: model, usage: usage)] }
        return reading.parts.map { UsagePart(model: $0.model ?? model, usage: $0.usage) }
    }

    /// What a broken answer used at least: its reported input, and output by the bytes that came, four to a
    /// token.
    ///
    /// Not more tokens than were reserved, unless the provider reports more.
    private func bounded(_ usage: Usage, _ reading: UsageReading) -> UsagePart {
        var usage = usage
        let others = usage.inputTokens + usage.outputTokens - usage.output
        let seen = min((reading.answerBytes + 3) / 4, max(reservedTokens - others, 0))
        usage.output = max(usage.output, seen)
        return UsagePart(model: reading.responseModel ?? call.model, usage: usage)
    }

    private func modifiers(_ reading: UsageReading) -> Set<PriceModifier> {
        var modifiers: Set<PriceModifier> = []
        switch reading.serviceTier {
        case "batch": modifiers.insert(.batch)
        case "flex", "ON_DEMAND_FLEX": modifiers.insert(.flex)
        case "priority", "fast", "ultrafast", "ON_DEMAND_PRIORITY": modifiers.insert(.priority)
        default: break
        }
        if reading.speed == "fast" { modifiers.insert(.fast) }
        if reading.inferenceGeo == "us" { modifiers.insert(.geoUs) }
        return modifiers
    }
}
