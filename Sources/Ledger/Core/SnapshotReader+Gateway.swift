/// What the Gateway's events leave behind.
extension SnapshotReader {
    static func dispatch(_ line: inout LineScanner) throws(CodecError) -> (UniqueID, OpenDispatch) {
        let names = try EventDecoder.DispatchNames(&line)
        let identity = names.identity(requestModel: try line.optionalString("requestModel"))
        var dispatch = OpenDispatch(
            dispatch: identity, startedAt: try line.timestamp("startedAt"),
            prompt: try line.optionalString("prompt"))
        dispatch.calls = try line.integer("calls")
        dispatch.openCalls = try line.integer("openCalls")
        dispatch.reserved = try line.money("reservedUsd")
        dispatch.memo.amount = try line.money("costUsd")
        dispatch.memo.held = try line.money("heldUsd")
        dispatch.memo.isEstimated = try line.flag("estimated")
        dispatch.memo.isUnpriced = try line.flag("unpriced")
        dispatch.memo.usage = try EventDecoder.usage(&line)
        dispatch.memo.shares = try EventDecoder.shares("shares", &line)
        return (identity.dispatchID, dispatch)
    }

    static func alert(_ line: inout LineScanner) throws(CodecError) -> (String, KnownAlert) {
        let position = Position(try line.integer("position"))
        let alert = try EventDecoder.alert(&line)
        return (alert.fingerprint, KnownAlert(alert: alert, position: position))
    }

    static func dispatchCount(
        _ line: inout LineScanner
    ) throws(CodecError) -> (UsageProjection.DispatchKey, Int64) {
        let key = UsageProjection.DispatchKey(
            source: try EventDecoder.choice("source", &line), status: try EventDecoder.choice("status", &line)
        )
        return (key, try line.integer("count"))
    }

    static func dispatchModel(
        _ line: inout LineScanner
    ) throws(CodecError) -> (UsageProjection.DispatchModelKey, UsageSums) {
        let key = UsageProjection.DispatchModelKey(
            provider: try line.string("provider"), model: try line.string("model"))
        return (key, try sums("sums", &line))
    }
}
