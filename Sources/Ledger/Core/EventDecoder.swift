/// Reads a journal line; the exact inverse of ``EventEncoder``.
package enum EventDecoder {
    /// Decodes a whole line, its chain included, without the newline.
    ///
    /// The chain itself is the journal's to check.
    ///
    /// - Throws: a ``CodecError`` for every line that the encoder would not have written.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> RecordedEvent {
        var line = try LineScanner(bytes)
        let position = Position(try line.integer("position"))
        let type = try line.string("type")
        guard let type = EventType(rawValue: type) else { throw .unknownType(type) }
        let timestamp = try line.timestamp("timestamp")
        let id = try line.identifier("id")
        let event = try event(of: type, from: &line)
        try line.end()
        return RecordedEvent(position: position, timestamp: timestamp, id: id, event: event)
    }

    private static func event(of type: EventType, from line: inout LineScanner) throws(CodecError) -> Event {
        switch type {
        case .callReserved: .callReserved(try reserved(&line))
        case .callSettled: .callSettled(try settled(&line))
        case .callRejected: .callRejected(try rejected(&line))
        case .callExpired: .callExpired(try expired(&line))
        case .quotaSet: .quotaSet(try quotaSet(&line))
        case .quotaRemoved: .quotaRemoved(try quotaRemoved(&line))
        case .groupJoined: .groupJoined(try groupJoined(&line))
        case .groupLeft: .groupLeft(try groupLeft(&line))
        case .thresholdCrossed: .thresholdCrossed(try thresholdCrossed(&line))
        case .leaseSet: .leaseSet(try leaseSet(&line))
        case .pricesPublished:
            .pricesPublished(
                PricesPublished(
                    priceBook: try line.string("priceBook"), models: try line.integer("models"),
                    source: try line.string("from")))
        case .dispatchStarted: .dispatchStarted(try dispatchStarted(&line))
        case .dispatchCompleted: .dispatchCompleted(try dispatchCompleted(&line))
        case .dispatchRejected: .dispatchRejected(try dispatchRejected(&line))
        case .alertReceived: .alertReceived(try alert(&line))
        case .containerProvisioned: .containerChanged(try container(.provisioned, &line))
        case .containerStarted: .containerChanged(try container(.started, &line))
        case .containerStopped: .containerChanged(try container(.stopped, &line))
        case .containerDestroyed: .containerChanged(try container(.destroyed, &line))
        case .containerOOM: .containerChanged(try container(.oom, &line))
        case .usageReported: .usageReported(try usageReported(&line))
        case .costAdjusted: .costAdjusted(try adjustment(&line))
        case .usageReconciled: .usageReconciled(try reconciled(&line))
        }
    }

    static func user(_ line: inout LineScanner) throws(CodecError) -> UserID {
        let offset = line.offset
        guard let user = UserID(try line.string("user")) else { throw .badValue("user", offset: offset) }
        return user
    }

    static func choice<Choice: RawRepresentable>(
        _ key: StaticString, _ line: inout LineScanner
    ) throws(CodecError) -> Choice where Choice.RawValue == String {
        let offset = line.offset
        guard let choice = Choice(rawValue: try line.string(key))
        else { throw .badValue(key.description, offset: offset) }
        return choice
    }

    static func call(_ line: inout LineScanner) throws(CodecError) -> CallIdentity {
        let user = try user(&line)
        let callID = try line.identifier("callId")
        let source = try line.string("source")
        let sessionID = try line.optionalString("sessionId")
        let dispatchID = try line.optionalString("dispatchId")
        return CallIdentity(
            callID: callID, user: user, source: source, provider: try line.string("provider"),
            model: try line.string("model"), api: try line.string("api"), dispatchID: dispatchID,
            sessionID: sessionID, retry: try retry(&line))
    }

    private static func retry(_ line: inout LineScanner) throws(CodecError) -> CallRetry? {
        let offset = line.offset
        guard let attempt = try line.optionalInteger("attempt") else { return nil }
        guard let retry = CallRetry(attempt: attempt, first: try line.optionalIdentifier("retryOf"))
        else { throw .badValue("attempt", offset: offset) }
        return retry
    }

    private static func reserved(_ line: inout LineScanner) throws(CodecError) -> CallReserved {
        CallReserved(
            call: try call(&line), reserved: try line.money("reservedUsd"),
            reservedTokens: try line.integer("reservedTokens"), priceBook: try line.string("priceBook"),
            isPriced: try !line.flag("unpriced"))
    }

    private static func settled(_ line: inout LineScanner) throws(CodecError) -> CallSettled {
        let call = try call(&line)
        let requestModel = try line.optionalString("requestModel")
        let result: CallResult = try choice("result", &line)
        let status = try line.integer("status")
        let tokensOffset = line.offset
        let tokensIn = try line.integer("tokensIn")
        let tokensOut = try line.integer("tokensOut")
        let cost = try cost(&line)
        let duration = try line.integer("durationMs")
        let usage = try usage(&line)
        guard usage.inputTokens == tokensIn, usage.outputTokens == tokensOut
        else { throw .badValue("tokensIn", offset: tokensOffset) }
        return CallSettled(
            call: call, requestModel: requestModel, result: result, status: status, usage: usage,
            usageSource: try choice("usageSource", &line),
            usageInconsistent: try line.flag("usageInconsistent"), cost: cost,
            fees: try line.optionalMoney("feesUsd"), priceBook: try line.string("priceBook"),
            serviceTier: try line.optionalString("serviceTier"),
            speed: try line.optionalString("speed"), inferenceGeo: try line.optionalString("inferenceGeo"),
            parts: try parts(&line),
            providerRequestID: try line.optionalString("providerRequestId"), durationMilliseconds: duration,
            prompt: try line.optionalString("prompt"), toolsUsed: try line.strings("toolsUsed"))
    }

    private static func parts(_ line: inout LineScanner) throws(CodecError) -> [UsagePart] {
        try line.objects("parts") { (fields: inout LineScanner) throws(CodecError) in
            UsagePart(model: try fields.string("model"), usage: try usage(&fields))
        }
    }

    static func usage(_ line: inout LineScanner) throws(CodecError) -> Usage {
        var usage = Usage()
        try line.object("usage") { (fields: inout LineScanner) throws(CodecError) in
            for bucket in UsageBucket.allCases {
                let offset = fields.offset
                guard let count = try fields.optionalInteger(bucket.key) else { continue }
                guard count != 0 else { throw .badValue("usage", offset: offset) }
                usage[bucket] = count
            }
            let offset = fields.offset
            guard let reasoning = try fields.optionalInteger("reasoning") else { return }
            guard reasoning != 0 else { throw .badValue("usage", offset: offset) }
            usage.reasoning = reasoning
        }
        return usage
    }

    static func cost(_ line: inout LineScanner) throws(CodecError) -> Cost {
        let amount = try line.nullableMoney("costUsd")
        let offset = line.offset
        let state: CostState = try choice("costState", &line)
        switch (state, amount) {
        case (.priced, .some(let amount)): return .priced(amount)
        case (.estimated, .some(let amount)): return .estimated(amount)
        case (.unpriced, nil): return .unpriced(holding: try line.money("heldUsd"))
        default: throw .badValue("costState", offset: offset)
        }
    }

    private static func rejected(_ line: inout LineScanner) throws(CodecError) -> CallRejected {
        let call = try call(&line)
        let kind: QuotaLimit.Kind = try choice("reason", &line)
        var limit = QuotaLimit(kind: kind, limit: 0, used: 0, reserved: 0, retryAt: nil)
        try line.object("limit") { (fields: inout LineScanner) throws(CodecError) in
            limit = try figures(of: kind, &fields)
        }
        return CallRejected(
            call: call, limit: limit, requested: try line.money("requestedUsd"),
            requestedTokens: try line.integer("requestedTokens"))
    }

    private static func expired(_ line: inout LineScanner) throws(CodecError) -> CallExpired {
        CallExpired(call: try call(&line), cost: try cost(&line), reason: try choice("reason", &line))
    }
}
