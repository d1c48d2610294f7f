/// The events of the Gateway.
extension EventDecoder {
    static func dispatchStarted(_ line: inout LineScanner) throws(CodecError) -> DispatchStarted {
        let names = try DispatchNames(&line)
        let dispatch = names.identity(requestModel: try line.optionalString("requestModel"))
        return DispatchStarted(
            dispatch: dispatch, queuedMilliseconds: try line.integer("queuedMs"),
            prompt: try line.optionalString("prompt"))
    }

    static func dispatchCompleted(_ line: inout LineScanner) throws(CodecError) -> DispatchCompleted {
        let names = try DispatchNames(&line)
        let billing: DispatchBilling = try choice("billing", &line)
        let dispatch = names.identity(requestModel: try line.optionalString("requestModel"))
        let provider = try line.string("provider")
        let model = try line.string("model")
        let result: CallResult = try choice("result", &line)
        let reason = try line.optionalString("reason")
        let calls = try line.integer("calls")
        let tokensOffset = line.offset
        let tokensIn = try line.integer("tokensIn")
        let tokensOut = try line.integer("tokensOut")
        let cost = try cost(&line)
        let reported = try line.optionalMoney("reportedUsd")
        let duration = try line.integer("durationMs")
        let usage = try usage(&line)
        guard usage.inputTokens == tokensIn, usage.outputTokens == tokensOut
        else { throw .badValue("tokensIn", offset: tokensOffset) }
        return DispatchCompleted(
            dispatch: dispatch, billing: billing, result: result, reason: reason, provider: provider,
            model: model, calls: calls, usage: usage, usageSource: try choice("usageSource", &line),
            cost: cost, reportedCost: reported, priceBook: try line.string("priceBook"),
            models: try shares("models", &line),
            providerRequestID: try line.optionalString("providerRequestId"),
            durationMilliseconds: duration, prompt: try line.optionalString("prompt"),
            toolsUsed: try line.strings("toolsUsed"), toolInputs: try line.optionalStrings("toolInputs"))
    }

    static func dispatchRejected(_ line: inout LineScanner) throws(CodecError) -> DispatchRejected {
        let names = try DispatchNames(&line)
        let dispatch = names.identity(requestModel: try line.optionalString("requestModel"))
        let reason: DispatchRefusal = try choice("reason", &line)
        var limit: QuotaLimit?
        try line.optionalObject("limit") { (fields: inout LineScanner) throws(CodecError) in
            limit = try figures(of: try choice("kind", &fields), &fields)
        }
        return DispatchRejected(
            dispatch: dispatch, reason: reason, limit: limit,
            queuedMilliseconds: try line.integer("queuedMs"))
    }

    static func alert(_ line: inout LineScanner) throws(CodecError) -> AlertReceived {
        AlertReceived(
            fingerprint: try line.string("fingerprint"), status: try choice("status", &line),
            name: try line.string("alertname"), severity: try line.optionalString("severity"),
            summary: try line.optionalString("summary"), startsAt: try line.timestamp("startsAt"),
            endsAt: try line.optionalTimestamp("endsAt"), from: try line.string("from"))
    }

    /// Reads shares by model; none where the field is absent.
    static func shares(
        _ key: StaticString, _ line: inout LineScanner
    ) throws(CodecError) -> [DispatchShare] {
        try line.objects(key) { (fields: inout LineScanner) throws(CodecError) in
            DispatchShare(
                provider: try fields.string("provider"), model: try fields.string("model"),
                usage: try usage(&fields), cost: try fields.money("costUsd"))
        }
    }

    /// Reads what ``EventEncoder`` begins a run's line with.
    struct DispatchNames {
        private let user: UserID
        private let dispatchID: UniqueID
        private let source: String
        private let sessionID: String?
        private let kernel: String

        init(_ line: inout LineScanner) throws(CodecError) {
            user = try EventDecoder.user(&line)
            dispatchID = try line.identifier("dispatchId")
            source = try line.string("source")
            sessionID = try line.optionalString("sessionId")
            kernel = try line.string("kernel")
        }

        func identity(requestModel: String?) -> DispatchIdentity {
            DispatchIdentity(
                dispatchID: dispatchID, user: user, source: source, sessionID: sessionID, kernel: kernel,
                requestModel: requestModel)
        }
    }
}
