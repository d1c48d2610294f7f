import LedgerCore
import Testing

/// Hand-made events of every type: the goldens' contents.
enum Examples {
    static func events(of type: EventType) throws -> [RecordedEvent] {
        let time = try moment("2026-11-24T22:00:00.123456Z")
        return try bodies(of: type).enumerated().map { offset, event in
            RecordedEvent(
                position: Position(Int64(42 + offset)), timestamp: time,
                id: UniqueID(at: time, random: UInt128(offset + 1)), event: event)
        }
    }

    private static func bodies(of type: EventType) throws -> [Event] {
        let alice = try user("alice")
        let plain = call(1, of: alice)
        var hostile = call(2, of: try user("bob@example.org"), model: "m\"o\\d\ne\u{1}l \u{2028}é🧑‍🚀")
        hostile = CallIdentity(
            callID: hostile.callID, user: hostile.user, source: "proxy", provider: "openai",
            model: hostile.model, api: "responses", dispatchID: "d-7", sessionID: "s 1")
        let again = tried(plain, attempt: 2, of: hostile.callID)
        switch type {
        case .callReserved:
            return [
                .callReserved(
                    CallReserved(
                        call: plain, reserved: try usd("0.96"), reservedTokens: 64_100, priceBook: "5f2a",
                        isPriced: true)),
                .callReserved(
                    CallReserved(
                        call: hostile, reserved: try usd("1"), reservedTokens: 0, priceBook: "5f2a",
                        isPriced: false)),
                .callReserved(
                    CallReserved(
                        call: again, reserved: try usd("0.96"), reservedTokens: 64_100, priceBook: "5f2a",
                        isPriced: true)),
            ]
        case .callSettled:
            return try settledCalls(plain, hostile) + [
                .callSettled(settled(again, .priced(try usd("0.01")), input: 12, output: 3)),
                .callSettled(
                    settled(
                        tried(hostile, attempt: 100, of: nil), .unpriced(holding: try usd("1")), input: 0,
                        output: 0)),
            ]
        case .callRejected: return try rejected(plain, hostile)
        case .callExpired:
            return [
                .callExpired(CallExpired(call: plain, cost: .estimated(try usd("0.96")), reason: .restart))
            ]
        case .quotaSet:
            let whole = Quota(
                dailyLimit: try usd("10"), monthlyLimit: try usd("99.99"), dailyTokens: 1_000_000,
                isEnabled: false)
            return [
                .quotaSet(QuotaSet(user: alice, quota: whole, actor: "admin")),
                .quotaSet(QuotaSet(user: alice, quota: Quota(), actor: "admin")),
            ] + (try sharedQuotas().map { .quotaSet($0) })
        case .quotaRemoved:
            let red = QuotaSubject.group(try #require(GroupName("red")))
            return [
                .quotaRemoved(QuotaRemoved(user: alice, actor: "admin")),
                .quotaRemoved(QuotaRemoved(subject: red, actor: "admin", reason: "the team spends no more")),
                .quotaRemoved(
                    QuotaRemoved(subject: .user(alice), actor: "admin", source: try copied(18))),
            ]
        case .groupJoined, .groupLeft, .thresholdCrossed, .leaseSet: return try quotaEvents(of: type)
        case .pricesPublished:
            return [.pricesPublished(PricesPublished(priceBook: "5f2a", models: 57, source: "prices.json"))]
        case .dispatchStarted, .dispatchCompleted, .dispatchRejected, .alertReceived:
            return try gatewayEvents(of: type)
        case .containerProvisioned, .containerStarted, .containerStopped, .containerDestroyed, .containerOOM:
            return try containerEvents(of: type)
        case .usageReported: return try usageReports().map { .usageReported($0) }
        case .costAdjusted: return try adjustments().map { .costAdjusted($0) }
        case .usageReconciled: return try reconciliations().map { .usageReconciled($0) }
        }
    }

    /// The same call as a further try of a request.
    private static func tried(_ call: CallIdentity, attempt: Int64, of first: UniqueID?) -> CallIdentity {
        CallIdentity(
            callID: call.callID, user: call.user, source: call.source, provider: call.provider,
            model: call.model, api: call.api, dispatchID: call.dispatchID, sessionID: call.sessionID,
            retry: CallRetry(attempt: attempt, first: first))
    }

    private static func settledCalls(_ plain: CallIdentity, _ hostile: CallIdentity) throws -> [Event] {
        var usage = Usage()
        for (offset, bucket) in UsageBucket.allCases.enumerated() { usage[bucket] = Int64(offset + 1) * 11 }
        usage.reasoning = 9
        return [
            .callSettled(settled(plain, .priced(try usd("0.012345678901234567")), input: 12, output: 3)),
            .callSettled(
                CallSettled(
                    call: hostile, requestModel: "gpt-5", result: .aborted, status: 200, usage: usage,
                    usageSource: .providerPartial, usageInconsistent: true,
                    cost: .unpriced(holding: try usd("1")), priceBook: "5f2a", serviceTier: "flex",
                    providerRequestID: "resp_1", durationMilliseconds: 60_001,
                    prompt: "say \"hi\"\r\n\u{7f}", toolsUsed: ["bash", "a\"b"])),
            .callSettled(try compacted(plain)),
            .callSettled(
                CallSettled(
                    call: plain, result: .ok, status: 200, usage: usage, usageSource: .providerFinal,
                    cost: .estimated(try usd("1.5")), fees: try usd("1"), priceBook: "5f2a",
                    durationMilliseconds: 9, toolsUsed: ["image_generation"])),
        ]
    }

    /// A call whose answer is the work of two models, at a dearer speed and place.
    private static func compacted(_ call: CallIdentity) throws -> CallSettled {
        var summary = Usage()
        summary.input = 180_000
        summary.output = 3_500
        var answer = Usage()
        answer.input = 23_000
        answer.output = 1_000
        var whole = summary
        whole.add(answer)
        return CallSettled(
            call: call, result: .ok, status: 200, usage: whole, usageSource: .providerFinal,
            cost: .priced(try usd("0.7")), priceBook: "5f2a", serviceTier: "standard", speed: "fast",
            inferenceGeo: "us",
            parts: [
                UsagePart(model: "claude-haiku-4-5", usage: summary),
                UsagePart(model: call.model, usage: answer),
            ], durationMilliseconds: 900)
    }

    private static func rejected(_ plain: CallIdentity, _ hostile: CallIdentity) throws -> [Event] {
        let midnight = try moment("2026-11-25T00:00:00Z")
        let limits = [
            QuotaLimit(
                kind: .dailyCost, limit: try usd("10").attos, used: try usd("9.5").attos,
                reserved: try usd("0.25").attos, retryAt: midnight),
            QuotaLimit(kind: .dailyTokens, limit: 1_000, used: 900, reserved: 50, retryAt: midnight),
            QuotaLimit(kind: .disabled, limit: 0, used: 0, reserved: 0, retryAt: nil),
            QuotaLimit(
                kind: .weeklyRequests, limit: 100, used: 98, reserved: 2, retryAt: midnight,
                subject: .model("gpt-5")),
            QuotaLimit(
                kind: .monthlyCost, limit: try usd("10").attos, used: try usd("9.5").attos,
                reserved: try usd("0.25").attos, retryAt: midnight, shortage: .unavailable),
        ]
        return try limits.map {
            .callRejected(
                CallRejected(call: plain, limit: $0, requested: try usd("0.5"), requestedTokens: 128))
        }
    }
}
