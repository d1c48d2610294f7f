import LedgerCore

extension Examples {
    /// The events of the Gateway.
    static func gatewayEvents(of type: EventType) throws -> [Event] {
        let plain = DispatchIdentity(
            dispatchID: UniqueID(bits: 7), user: try user("alice"), source: "web", kernel: "command")
        let whole = DispatchIdentity(
            dispatchID: UniqueID(bits: 8), user: try user("bob@example.org"), source: "slack",
            sessionID: "s 1", kernel: "messages", requestModel: "claude-\"x\"")
        switch type {
        case .dispatchStarted:
            return [
                .dispatchStarted(DispatchStarted(dispatch: plain, queuedMilliseconds: 0)),
                .dispatchStarted(
                    DispatchStarted(dispatch: whole, queuedMilliseconds: 1_250, prompt: "say \"hi\"\r\né")),
            ]
        case .dispatchCompleted: return try completed(plain, whole).map { .dispatchCompleted($0) }
        case .dispatchRejected:
            let limits = [
                QuotaLimit(
                    kind: .monthlyCost, limit: try usd("10").attos, used: try usd("9.5").attos,
                    reserved: try usd("0.5").attos, retryAt: try moment("2026-12-01T00:00:00Z")),
                QuotaLimit(kind: .dailyTokens, limit: 1_000, used: 900, reserved: 100, retryAt: nil),
            ]
            return [
                .dispatchRejected(DispatchRejected(dispatch: plain, reason: .queueFull))
            ]
                + limits.map {
                    .dispatchRejected(
                        DispatchRejected(dispatch: whole, reason: .quota, limit: $0, queuedMilliseconds: 31))
                }
        default:
            let start = try moment("2026-11-24T21:55:00Z")
            return [
                .alertReceived(
                    AlertReceived(
                        fingerprint: "0f1e2d", status: .firing, name: "HighCostRate", startsAt: start,
                        from: "grafana")),
                .alertReceived(
                    AlertReceived(
                        fingerprint: "0f1e2d", status: .resolved, name: "HighCostRate", severity: "warning",
                        summary: "alice spends \"much\"", startsAt: start,
                        endsAt: try moment("2026-11-24T22:00:00Z"), from: "alertmanager")),
            ]
        }
    }

    private static func completed(
        _ plain: DispatchIdentity, _ whole: DispatchIdentity
    ) throws -> [DispatchCompleted] {
        var usage = Usage()
        for (offset, bucket) in UsageBucket.allCases.enumerated() { usage[bucket] = Int64(offset + 1) * 11 }
        usage.reasoning = 9
        var small = Usage()
        small.input = 5
        let shares = [
            DispatchShare(
                provider: "anthropic", model: "claude-opus-4-5", usage: usage,
                cost: try usd("0.5")),
            DispatchShare(
                provider: "openai", model: "m\"x", usage: small, cost: try usd("0.000000000000000001")),
        ]
        return [
            DispatchCompleted(
                dispatch: plain, billing: .direct, result: .error, reason: "restart", usageSource: .none,
                cost: .unpriced(holding: .zero), priceBook: "5f2a", durationMilliseconds: 0),
            DispatchCompleted(
                dispatch: whole, billing: .proxied, result: .ok, provider: "anthropic",
                model: "claude-opus-4-5", calls: 3, usage: DispatchMemo(shares).usage,
                usageSource: .providerFinal, cost: .priced(DispatchMemo(shares).amount),
                reportedCost: try usd("0.51"), priceBook: "5f2a", models: shares,
                providerRequestID: "msg_1", durationMilliseconds: 60_001, prompt: "say \"hi\"\r\n\u{7f}",
                toolsUsed: ["Bash", "a\"b"], toolInputs: [#"{"command":"ls"}"#, ""]),
        ]
    }
}
