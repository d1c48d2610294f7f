import LedgerCore
import Testing

/// Events with random figures and hostile texts.
struct RandomEvents {
    var seed: Seed

    init(_ number: UInt64) { seed = Seed(number) }

    static let texts = [
        "", "claude-sonnet-4-5", "\"", "\\", "\\\"", "\n", "\r\n", "\t", "\u{0}", "\u{1f}", "\u{7f}",
        "\u{80}",
        "\u{2028}\u{2029}", "🧑‍🚀", "é", "e\u{301}", "\u{fffd}", "\u{10ffff}", "\\u0000", "\\n",
        "\",\"chain\":\"",
        "}{", "null", "</script>", "'; DROP TABLE events;--", "\u{1b}[31m", "{\"a\":[1,2]}", "\u{feff}x",
        String(repeating: "\"\\\n", count: 50),
    ]

    mutating func text() -> String {
        seed.once(in: 4) ? seed.pick(Self.texts) + seed.pick(Self.texts) : seed.pick(Self.texts)
    }

    mutating func optionalText() -> String? { seed.once(in: 2) ? nil : text() }

    mutating func count() -> Int64 {
        seed.pick([0, 1, 9, 10, 4_096, 1 << 31, Usage.countMax, seed.number(0...Usage.countMax)])
    }

    mutating func money() -> Money {
        let random = Int128(seed.number(0...Int64.max)) << Int128(seed.number(0...63))
        return Money(attos: seed.pick([0, 1, Money.attosPerDollar, .max, random]))
    }

    mutating func user() throws -> UserID {
        try LedgerCoreTests.user(seed.pick(["a", "alice", "bob@example.org", "x:y+z-1", "7"]))
    }

    mutating func time() -> Timestamp {
        Timestamp(microseconds: seed.number(-62_135_596_800_000_000...253_402_300_799_999_999))
    }

    mutating func id() -> UniqueID { UniqueID(bits: UInt128(seed.next()) << 64 | UInt128(seed.next())) }

    /// An identifier that others may have, so that events meet.
    mutating func sharedID() -> UniqueID {
        seed.once(in: 4) ? id() : UniqueID(bits: UInt128(seed.number(1...5)))
    }

    mutating func call() throws -> CallIdentity {
        CallIdentity(
            callID: sharedID(), user: try user(), source: text(), provider: text(), model: text(),
            api: text(), dispatchID: seed.once(in: 2) ? sharedID().text : optionalText(),
            sessionID: optionalText(), retry: retry())
    }

    mutating func retry() -> CallRetry? {
        guard seed.once(in: 3) else { return nil }
        return CallRetry(
            attempt: seed.pick([2, 3, 100, seed.number(2...100)]), first: seed.once(in: 2) ? nil : sharedID())
    }

    mutating func cost() -> Cost {
        switch seed.number(0...2) {
        case 0: .priced(money())
        case 1: .estimated(money())
        default: .unpriced(holding: money())
        }
    }

    mutating func usage() -> Usage {
        var usage = Usage()
        for bucket in UsageBucket.allCases where seed.once(in: 2) { usage[bucket] = count() }
        if seed.once(in: 2) { usage.reasoning = count() }
        return usage
    }

    mutating func settled() throws -> CallSettled {
        CallSettled(
            call: try call(), requestModel: optionalText(), result: seed.pick(CallResult.allCases),
            status: seed.number(0...599), usage: usage(), usageSource: seed.pick(UsageSource.allCases),
            usageInconsistent: seed.once(in: 2), cost: cost(), fees: seed.once(in: 3) ? money() : nil,
            priceBook: text(),
            serviceTier: optionalText(), speed: optionalText(), inferenceGeo: optionalText(),
            parts: (0..<seed.pick([0, 0, 1, 3])).map { _ in UsagePart(model: text(), usage: usage()) },
            providerRequestID: optionalText(), durationMilliseconds: count(),
            prompt: optionalText(), toolsUsed: (0..<seed.number(0...3)).map { _ in text() })
    }

    mutating func event(of type: EventType) throws -> Event {
        switch type {
        case .callReserved:
            .callReserved(
                CallReserved(
                    call: try call(), reserved: money(), reservedTokens: count(), priceBook: text(),
                    isPriced: seed.once(in: 2)))
        case .callSettled: .callSettled(try settled())
        case .callRejected:
            .callRejected(
                CallRejected(
                    call: try call(), limit: try limit(), requested: money(), requestedTokens: count()))
        case .callExpired: .callExpired(CallExpired(call: try call(), cost: cost(), reason: .restart))
        case .quotaSet: .quotaSet(try quotaSet())
        case .quotaRemoved:
            .quotaRemoved(
                QuotaRemoved(
                    subject: try subject(), actor: text(), reason: optionalText(), source: source()))
        case .groupJoined:
            .groupJoined(
                GroupJoined(
                    user: try user(), group: try group(), actor: text(), reason: optionalText(),
                    source: source()))
        case .groupLeft:
            .groupLeft(
                GroupLeft(
                    user: try user(), group: try group(), actor: text(), reason: optionalText(),
                    source: source()))
        case .thresholdCrossed: .thresholdCrossed(try crossed())
        case .leaseSet: .leaseSet(try leaseSet())
        case .pricesPublished:
            .pricesPublished(PricesPublished(priceBook: text(), models: count(), source: text()))
        case .dispatchStarted:
            .dispatchStarted(
                DispatchStarted(dispatch: try dispatch(), queuedMilliseconds: count(), prompt: optionalText())
            )
        case .dispatchCompleted: .dispatchCompleted(try completed())
        case .dispatchRejected:
            .dispatchRejected(
                DispatchRejected(
                    dispatch: try dispatch(), reason: seed.pick(DispatchRefusal.allCases),
                    limit: seed.once(in: 2) ? nil : try limit(), queuedMilliseconds: count()))
        case .alertReceived:
            .alertReceived(
                AlertReceived(
                    fingerprint: text(), status: seed.pick(AlertStatus.allCases), name: text(),
                    severity: optionalText(), summary: optionalText(), startsAt: time(),
                    endsAt: seed.once(in: 2) ? nil : time(), from: text()))
        case .containerProvisioned: .containerChanged(try container(.provisioned))
        case .containerStarted: .containerChanged(try container(.started))
        case .containerStopped: .containerChanged(try container(.stopped))
        case .containerDestroyed: .containerChanged(try container(.destroyed))
        case .containerOOM: .containerChanged(try container(.oom))
        case .usageReported: .usageReported(try reported())
        case .costAdjusted: .costAdjusted(try adjusted())
        case .usageReconciled: .usageReconciled(reconciled())
        }
    }

    mutating func dispatch() throws -> DispatchIdentity {
        DispatchIdentity(
            dispatchID: sharedID(), user: try user(),
            source: seed.once(in: 2) ? text() : seed.pick(DispatchSource.allCases).rawValue,
            sessionID: optionalText(), kernel: text(), requestModel: optionalText())
    }

    mutating func completed() throws -> DispatchCompleted {
        let shares = (0..<seed.pick([0, 0, 2, 3])).map { _ in
            DispatchShare(provider: text(), model: text(), usage: usage(), cost: money())
        }
        return DispatchCompleted(
            dispatch: try dispatch(), billing: seed.pick(DispatchBilling.allCases),
            result: seed.pick(CallResult.allCases), reason: optionalText(), provider: text(), model: text(),
            calls: count(), usage: usage(), usageSource: seed.pick(UsageSource.allCases), cost: cost(),
            reportedCost: seed.once(in: 2) ? nil : money(), priceBook: text(), models: shares,
            providerRequestID: optionalText(), durationMilliseconds: count(), prompt: optionalText(),
            toolsUsed: (0..<seed.number(0...3)).map { _ in text() },
            toolInputs: (0..<seed.number(0...3)).map { _ in text() })
    }

    mutating func recorded() throws -> RecordedEvent {
        try recorded(seed.pick(EventType.allCases))
    }

    mutating func recorded(_ type: EventType) throws -> RecordedEvent {
        RecordedEvent(
            position: Position(seed.number(1...Int64.max)), timestamp: time(), id: id(),
            event: try event(of: type))
    }
}
