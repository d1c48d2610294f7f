/// What the Gateway's events leave behind.
extension SnapshotLines {
    mutating func add(_ dispatch: OpenDispatch) {
        add { line in
            line.field("user", dispatch.dispatch.user.text)
            EventEncoder.begin(dispatch.dispatch, to: &line)
            line.field("requestModel", dispatch.dispatch.requestModel)
            line.field("startedAt", dispatch.startedAt)
            line.field("prompt", dispatch.prompt)
            line.field("calls", dispatch.calls)
            line.field("openCalls", dispatch.openCalls)
            line.field("reservedUsd", dispatch.reserved)
            line.field("costUsd", dispatch.memo.amount)
            line.field("heldUsd", dispatch.memo.held)
            line.flag("estimated", dispatch.memo.isEstimated)
            line.flag("unpriced", dispatch.memo.isUnpriced)
            EventEncoder.write(dispatch.memo.usage, to: &line)
            EventEncoder.write(dispatch.memo.shares, at: "shares", to: &line)
        }
    }

    mutating func add(_ known: KnownAlert) {
        add { line in
            line.field("position", known.position.value)
            EventEncoder.write(known.alert, to: &line)
        }
    }

    mutating func add(_ key: UsageProjection.DispatchKey, _ count: Int64) {
        add { line in
            line.field("source", key.source.rawValue)
            line.field("status", key.status.rawValue)
            line.field("count", count)
        }
    }

    mutating func add(_ key: UsageProjection.DispatchModelKey, _ sums: UsageSums) {
        add { line in
            line.field("provider", key.provider)
            line.field("model", key.model)
            line.object("sums") { $0.write(sums) }
        }
    }
}

extension UsageProjection.DispatchKey {
    func isBefore(_ other: Self) -> Bool {
        SnapshotCodec.isBefore(
            [source.rawValue, status.rawValue], [other.source.rawValue, other.status.rawValue])
    }
}

extension UsageProjection.DispatchModelKey {
    func isBefore(_ other: Self) -> Bool {
        SnapshotCodec.isBefore([provider, model], [other.provider, other.model])
    }
}
