/// The lines of a snapshot while it is written.
struct SnapshotLines {
    private var bytes: [UInt8] = []

    mutating func add(_ body: (inout LineWriter) -> Void) {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var line = LineWriter(appendingTo: consume taken)
        body(&line)
        bytes = line.finish()
        bytes.append(0x0A)
    }

    consuming func finish() -> [UInt8] {
        let checksum = SnapshotCodec.checksum(bytes)
        add { $0.field("checksum", Int64(bitPattern: checksum)) }
        return bytes
    }

    mutating func add(_ reservation: Reservation) {
        add { line in
            line.field("user", reservation.call.user.text)
            EventEncoder.write(reservation.call, to: &line)
            line.field("reservedUsd", reservation.amount)
            line.field("reservedTokens", reservation.tokens)
            line.field("position", reservation.position.value)
            line.field("madeAt", reservation.madeAt)
            line.field("groups", reservation.groups.map(\.text))
            line.field("models", reservation.models)
            line.flag("linked", reservation.isLinked)
        }
    }

    mutating func add(_ user: UserID, _ budget: Budget) {
        add { line in
            line.field("user", user.text)
            line.object("day") { $0.write(budget.day) }
            line.object("month") { $0.write(budget.month) }
        }
    }

    mutating func add(_ user: UserID, _ usage: UserUsage) {
        add { line in
            line.field("user", user.text)
            line.field("today", usage.today.text)
            line.object("day") { $0.write(usage.day) }
            line.object("month") { $0.write(usage.month) }
            line.object("total") { $0.write(usage.total) }
        }
    }

    mutating func add(_ key: UsageProjection.ModelKey, _ sums: UsageSums) {
        add { line in
            line.field("user", key.user.text)
            line.field("kind", key.kind.rawValue)
            line.field("provider", key.provider)
            line.field("model", key.model)
            line.object("sums") { $0.write(sums) }
        }
    }
}

extension LineWriter {
    fileprivate mutating func write(_ window: BudgetWindow) {
        field("start", window.start.text)
        field("usedUsd", window.used)
        field("reservedUsd", window.reserved)
        field("tokens", window.tokens)
        field("reservedTokens", window.reservedTokens)
    }

    mutating func write(_ sums: UsageSums) {
        field("calls", sums.calls)
        field("errors", sums.errors)
        field("rejected", sums.rejected)
        field("inputTokens", sums.inputTokens)
        field("outputTokens", sums.outputTokens)
        field("cacheReadTokens", sums.cacheReadTokens)
        field("cacheWriteTokens", sums.cacheWriteTokens)
        field("costUsd", sums.cost)
        field("estimatedUsd", sums.estimated)
        field("unpricedCalls", sums.unpricedCalls)
        field("heldUsd", sums.held)
        field("durationMs", sums.durationMilliseconds)
        field("dispatches", sums.dispatches)
        field("failedDispatches", sums.failedDispatches)
        field("cpuMs", sums.cpuMilliseconds)
        field("memoryMibS", sums.memoryMebibyteSeconds)
        field("adjustments", sums.adjustments)
        field("adjustedUsd", sums.adjusted)
    }
}
