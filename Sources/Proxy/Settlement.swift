import LedgerCore

/// Turns what was seen of an answer into the event that ends its call.
struct Settlement {
    let call: CallIdentity
    let reserved: Money
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
            providerRequestID: reading.responseID?.prefix(scalarsMax: 256),
            durationMilliseconds: durationMilliseconds, prompt: prompt)
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
        // An orderly end of the connection is not the end of the answer, and a lost event leaves figures too low.
        let isPartial = !reading.sawTerminal || reading.isInconsistent && reading.events > 0
        let parts = isPartial ? [bounded(usage, reading)] : parts(of: reading, usage)
        let pricing = Pricing(book: prices, provider: call.provider, time: time)
        do throws(PricingGap) {
            let cost = try pricing.cost(of: parts, modifiers: modifiers(reading))
            return Outcome(
                usage: isPartial ? parts[0].usage : usage, source: reading.source,
                cost: isPartial || reading.isInconsistent ? .estimated(cost) : .priced(cost))
        } catch {
            return Outcome(usage: usage, source: reading.source, cost: .unpriced(holding: reserved))
        }
    }

    private func isKnown(_ model: String) -> Bool { prices.model(model, provider: call.provider) != nil }

    private func parts(of reading: UsageReading, _ usage: Usage) -> [UsagePart] {
        let model = reading.responseModel ?? call.model
        guard !reading.parts.isEmpty else { return [UsagePart(model: model, usage: usage)] }
        return reading.parts.map { UsagePart(model: $0.model ?? model, usage: $0.usage) }
    }

    /// What an answer cut short used: its reported input, and output by the bytes that came, four to a token.
    private func bounded(_ usage: Usage, _ reading: UsageReading) -> UsagePart {
        var usage = usage
        usage.output = max(usage.output, (reading.answerBytes + 3) / 4)
        return UsagePart(model: reading.responseModel ?? call.model, usage: usage)
    }

    private func modifiers(_ reading: UsageReading) -> Set<PriceModifier> {
        var modifiers: Set<PriceModifier> = []
        switch reading.serviceTier {
        case "batch": modifiers.insert(.batch)
        case "flex": modifiers.insert(.flex)
        case "priority", "fast", "ultrafast": modifiers.insert(.priority)
        default: break
        }
        if reading.speed == "fast" { modifiers.insert(.fast) }
        if reading.inferenceGeo == "us" { modifiers.insert(.geoUs) }
        return modifiers
    }
}
