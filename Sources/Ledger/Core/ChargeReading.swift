/// Reads charges out of recorded events: what was spent, taken apart by model and bucket where that can be
/// proven.
///
/// An event records its usage by bucket, of each model that took part, and its cost as one sum. With the
/// price book that it names the sum is worked out again; where it comes out at the recorded amount, exactly,
/// its pieces are the charge. Where it does not, or the book is not here, the charge is a whole. So charges
/// always come to what was recorded.
package struct ChargeReading: Sendable {
    private let books: [String: PriceBook]

    /// Reads with `books`, found by their hashes.
    package init(books: [PriceBook]) {
        self.books = Dictionary(books.map { ($0.hash, $0) }) { first, _ in first }
    }

    /// Gives each charge of `recorded` to `body`: none for events that spend nothing.
    package func each(of recorded: RecordedEvent, _ body: (Charge) -> Void) {
        let now = recorded.timestamp
        switch recorded.event {
        case .callSettled(let event):
            let use = Use(
                parts: event.priced, state: event.cost.state, book: books[event.priceBook],
                times: [now, now.before(milliseconds: event.durationMilliseconds)],
                modifiers: Self.modifiers(of: event))
            UsageDelta.each(of: recorded) { charge($0, use, body) }
        case .callExpired(let event):
            UsageDelta.each(of: recorded) { Self.whole($0, event.cost.state, body) }
        case .dispatchCompleted(let event) where event.billing == .direct:
            var use = Use(
                parts: [UsagePart(model: event.model, usage: event.usage)], state: event.cost.state,
                book: books[event.priceBook],
                times: [now, now.before(milliseconds: event.durationMilliseconds)], modifiers: [[]])
            var rest = event.models[...]
            UsageDelta.each(of: recorded) { delta in
                if let share = rest.popFirst() {
                    use.parts = [UsagePart(model: share.model, usage: share.usage)]
                }
                charge(delta, use, body)
            }
        case .usageReported(let event):
            let use = Use(
                parts: [UsagePart(model: event.model, usage: event.usage)], state: event.cost.state,
                book: books[event.priceBook], times: [event.usedAt, now], modifiers: [[]])
            UsageDelta.each(of: recorded) { delta in
                if event.kind == .compute { compute(delta, use, body) } else { charge(delta, use, body) }
            }
        case .costAdjusted(let event):
            UsageDelta.each(of: recorded) {
                Self.correct($0.key, from: event.old.cost, to: event.new.cost, at: now, body)
            }
        default: return
        }
    }

    /// Gives what corrects a cost at `now` to `body`: what was charged is taken back, and what it costs comes
    /// in its place, each as a whole.
    package static func correct(
        _ rollup: RollupKey, from old: Cost, to new: Cost, at now: Timestamp, _ body: (Charge) -> Void
    ) {
        for (cost, isTakenBack) in [(old, true), (new, false)] {
            var sums = ChargeSums()
            sums.units = isTakenBack ? -1 : 1
            sums.cost = isTakenBack ? cost.amount.negated : cost.amount
            sums.held = isTakenBack ? cost.held.negated : cost.held
            let key = ChargeKey(
                rollup: rollup, use: .whole, rate: Rate(attosPerUnit: cost.amount.attos), state: cost.state,
                correctedIn: now.day.firstOfMonth)
            body(Charge(key: key, sums: sums))
        }
    }

    /// What was used, and how it may have been priced.
    private struct Use {
        var parts: [UsagePart]
        let state: CostState
        let book: PriceBook?
        let times: [Timestamp]
        let modifiers: [Set<PriceModifier>]
    }

    private func charge(_ delta: UsageDelta, _ use: Use, _ body: (Charge) -> Void) {
        guard let pieces = pieces(delta, use) else { return Self.whole(delta, use.state, body) }
        for (model, piece) in pieces {
            var sums = ChargeSums()
            sums.units = piece.units
            sums.cost = Money(attos: piece.rate.attosPerUnit * Int128(piece.units))
            if UsageBucket.inputs.contains(piece.bucket) { sums.inputTokens = piece.units }
            if UsageBucket.outputs.contains(piece.bucket) { sums.outputTokens = piece.units }
            let key = ChargeKey(
                rollup: delta.key, part: model == delta.key.model ? nil : model, use: .bucket(piece.bucket),
                rate: piece.rate, state: use.state, tierAbove: piece.tierAbove,
                modifiers: piece.modifiers)
            body(Charge(key: key, sums: sums))
        }
    }

    /// The pieces whose sum is what was recorded, if some are, each with its model.
    private func pieces(_ delta: UsageDelta, _ use: Use) -> [(String, PricedUse)]? {
        guard use.state != .unpriced, let book = use.book else { return nil }
        for time in use.times {
            let pricing = Pricing(book: book, provider: delta.key.provider, time: time)
            for modifiers in use.modifiers {
                guard let cost = try? pricing.cost(of: use.parts, modifiers: modifiers),
                    cost == delta.sums.cost
                else { continue }
                return try? use.parts.flatMap { part in
                    try pricing.pieces(of: part, modifiers: modifiers).map { (part.model, $0) }
                }
            }
        }
        return nil
    }

    private func compute(_ delta: UsageDelta, _ use: Use, _ body: (Charge) -> Void) {
        let used = delta.sums
        for time in use.times where use.state != .unpriced {
            guard let price = use.book?.compute(at: time),
                let cost = try? price.cost(
                    cpuMilliseconds: used.cpuMilliseconds, mebibyteSeconds: used.memoryMebibyteSeconds),
                cost == used.cost
            else { continue }
            var processor = ChargeSums()
            processor.units = used.cpuMilliseconds
            processor.cpuMilliseconds = used.cpuMilliseconds
            var memory = ChargeSums()
            memory.units = used.memoryMebibyteSeconds
            memory.memoryMebibyteSeconds = used.memoryMebibyteSeconds
            for (use, rate, sums) in [
                (ChargedUse.processorTime, price.cpuMillisecond, processor),
                (.memory, price.mebibyteSecond, memory),
            ] where sums.units > 0 {
                var sums = sums
                sums.cost = Money(attos: rate.attosPerUnit * Int128(sums.units))
                let key = ChargeKey(
                    rollup: delta.key, use: use, rate: rate, state: .priced, tierAbove: nil, modifiers: [])
                body(Charge(key: key, sums: sums))
            }
            return
        }
        Self.whole(delta, use.state, body)
    }

    private static func whole(_ delta: UsageDelta, _ state: CostState, _ body: (Charge) -> Void) {
        var sums = ChargeSums()
        sums.units = 1
        sums.cost = delta.sums.cost
        sums.held = delta.sums.held
        sums.inputTokens = delta.sums.inputTokens
        sums.outputTokens = delta.sums.outputTokens
        sums.cpuMilliseconds = delta.sums.cpuMilliseconds
        sums.memoryMebibyteSeconds = delta.sums.memoryMebibyteSeconds
        let key = ChargeKey(
            rollup: delta.key, use: .whole, rate: Rate(attosPerUnit: delta.sums.cost.attos), state: state,
            tierAbove: nil, modifiers: [])
        body(Charge(key: key, sums: sums))
    }

    /// What the answer may have said, most likely first: older lines have its tier, not its speed and place.
    private static func modifiers(of event: CallSettled) -> [Set<PriceModifier>] {
        let known = event.modifiers
        return [known, known.union([.geoUs]), known.union([.fast]), known.union([.fast, .geoUs])]
    }
}

extension Timestamp {
    fileprivate func before(milliseconds: Int64) -> Timestamp {
        let (micros, overflow) = max(milliseconds, 0).multipliedReportingOverflow(by: 1000)
        return overflow ? self : Timestamp(microseconds: microseconds &- micros)
    }
}

extension UsageBucket {
    /// The buckets that ``Usage/inputTokens`` sums up.
    package static let inputs: Set<UsageBucket> = [
        .input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .inputAudio, .inputImage,
    ]
    /// The buckets that ``Usage/outputTokens`` sums up.
    package static let outputs: Set<UsageBucket> = [.output, .outputAudio, .outputImage]
}
