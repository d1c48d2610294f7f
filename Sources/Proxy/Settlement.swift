import Wire
import LedgerCore

/// Turns what was seen of an answer into the event that ends its call.
struct Settlement {
    let call: CallIdentity
    let reserved: Money
    let reservedTokens: Int64
    /// What a call holds at least while it has no price.
    let unpricedReserve: Money
    let prices: PriceBook
    let time: Timestamp
    let billing: CallBilling
    /// Whether the path's answers are known to tell all that they used; else what was reserved is no bound.
    let tellsUsage: Bool
    /// Whether the request offers a tool for a fee that no price covers.
    var offersUnpricedTools = false

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
        // An answer without its own end broke off, however orderly its bytes ended. What ends one on a path
        // that is not known only its figures tell.
        let isEndKnown = billing == .billable || reading.usage != nil
        let ending = ending == .complete && isEndKnown && !reading.isWhole ? .broken : ending
        let outcome = outcome(status: status, ending: ending, reading)
        let answered = reading.responseModel?.cleanName(bytesMax: 256)
        let identity = CallIdentity(
            callID: call.callID, user: call.user, source: call.source, provider: call.provider,
            model: answered ?? call.model, api: call.api, dispatchID: call.dispatchID,
            sessionID: call.sessionID, retry: call.retry)
        let isOK = ending == .complete && (200..<400).contains(status) && !reading.isErrorMidStream
        return CallSettled(
            call: identity, requestModel: answered == call.model || answered == nil ? nil : call.model,
            result: isClientGone ? .aborted : isOK ? .ok : .error, status: Int64(status),
            usage: outcome.usage,
            usageSource: outcome.source, usageInconsistent: reading.isInconsistent, cost: outcome.cost,
            fees: outcome.fees, priceBook: prices.hash,
            serviceTier: reading.serviceTier?.prefix(scalarsMax: 64),
            speed: reading.speed?.prefix(scalarsMax: 64),
            inferenceGeo: reading.inferenceGeo?.prefix(scalarsMax: 64),
            parts: outcome.isWhole ? recordedParts(of: reading, answeredBy: identity.model) : [],
            providerRequestID: reading.responseID?.cleanName(bytesMax: 256),
            durationMilliseconds: durationMilliseconds, prompt: prompt, toolsUsed: reading.toolsUsed)
    }

    private struct Outcome {
        var usage = Usage()
        let source: UsageSource
        let cost: Cost
        /// The part of ``cost`` that stands for fees without a price.
        var fees: Money?
        /// Whether ``usage`` is what the answer says, so that its parts come to it.
        var isWhole = false
    }

    private func outcome(status: Int, ending: Ending, _ reading: UsageReading) -> Outcome {
        // A refusal by the provider, and what is free, cost nothing and are known to cost nothing.
        let isRefused = ending == .notSent || status >= 400 || (300..<400).contains(status)
        if reading.usage == nil, isRefused || billing == .free {
            return Outcome(source: .none, cost: .priced(.zero))
        }
        guard let usage = reading.usage, usage.isPlausible else {
            // Served, or perhaps served, and no figures: the bound counts, never zero.
            guard tellsUsage, isKnown(call.model) else {
                return Outcome(source: .none, cost: unpriced())
            }
            return Outcome(source: .estimated, cost: .estimated(reserved))
        }
        if billing == .free { return Outcome(usage: usage, source: reading.source, cost: .priced(.zero)) }
        let pricing = Pricing(book: prices, provider: call.provider, time: time)
        let modifiers = modifiers(reading)
        let fees = fees(reading)
        do throws(PricingGap) {
            let parts = parts(of: reading, usage)
            let cost = adding(fees, to: try pricing.cost(of: parts, modifiers: modifiers))
            if reading.isIncomplete {
                guard tellsUsage else { return Outcome(usage: usage, source: .estimated, cost: unpriced()) }
                return Outcome(usage: usage, source: .estimated, cost: .estimated(max(cost, reserved)))
            }
            guard isCut(ending, reading) else {
                // Figures that contradict each other are not the provider's word for a price.
                let isSure = !reading.isInconsistent && fees == nil
                return Outcome(
                    usage: usage, source: reading.source, cost: isSure ? .priced(cost) : .estimated(cost),
                    fees: fees, isWhole: true)
            }
            let seen = bounded(usage, reading)
            // No provider bills more than was reserved, unless it says so itself.
            let bound = min(adding(fees, to: try pricing.cost(of: [seen], modifiers: modifiers)), reserved)
            return Outcome(
                usage: seen.usage, source: reading.source, cost: .estimated(max(cost, bound)), fees: fees)
        } catch {
            // Figures that leave something out are no basis for a later price.
            return Outcome(
                usage: usage, source: reading.isIncomplete ? .estimated : reading.source,
                cost: unpriced(with: fees), fees: reading.isIncomplete ? nil : fees,
                isWhole: !reading.isIncomplete)
        }
    }

    /// What stands for the fees of tools without a price; nil: none was run.
    private func fees(_ reading: UsageReading) -> Money? {
        let isUsed = reading.hasUnpricedTools || offersUnpricedTools && reading.isTail
        return isUsed ? prices.unpricedReserve : nil
    }

    private func adding(_ fees: Money?, to cost: Money) -> Money {
        min(cost.addingClamped(fees ?? .zero), .amountMax)
    }

    /// The model that was asked for may be cheap, and the one that answered need not be.
    private func unpriced(with fees: Money? = nil) -> Cost {
        .unpriced(holding: max(reserved, adding(fees, to: unpricedReserve)))
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
        PriceModifier.ofAnswer(
            serviceTier: reading.serviceTier, speed: reading.speed, inferenceGeo: reading.inferenceGeo)
    }

    /// The parts as they are recorded, at most ``partsMax``: further ones are added to the last.
    ///
    /// None where the whole answer is the work of the model that gave it.
    private func recordedParts(of reading: UsageReading, answeredBy model: String) -> [UsagePart] {
        var recorded: [UsagePart] = []
        for part in reading.parts {
            let name = part.model?.cleanName(bytesMax: 256) ?? model
            if recorded.count < Self.partsMax {
                recorded.append(UsagePart(model: name, usage: part.usage))
            } else if let last = recorded.popLast() {
                var usage = last.usage
                usage.add(part.usage)
                recorded.append(UsagePart(model: last.model, usage: usage))
            }
        }
        return recorded.count == 1 && recorded.first?.model == model ? [] : recorded
    }

    /// As many parts as one line holds.
    private static let partsMax = 64
}
