/// Saves the state and the usage projection, so that a start need not fold the journal from its first event.
///
/// A snapshot is disposable: whoever cannot decode one folds the journal instead. Its form is a header with
/// counts, one line for each entry, sorted, and a checksum; the same values always give the same bytes.
package enum SnapshotCodec {
    static let format = "dispatch-ledger-snapshot/1"

    /// The bytes of `state` and `usage`, which hold the same events.
    package static func encode(_ state: LedgerState, _ usage: UsageProjection) -> [UInt8] {
        var lines = Lines()
        lines.add { line in
            line.field("format", format)
            line.field("position", usage.position.value)
            line.field("timestamp", usage.timestamp)
            line.field("lastTimestamp", state.lastTimestamp)
            line.field("priceBook", state.priceBook)
            line.field("quotas", Int64(state.quotas.count))
            line.field("open", Int64(state.open.count))
            line.field("budgets", Int64(state.budgets.count))
            line.field("users", Int64(usage.users.count))
            line.field("models", Int64(usage.models.count))
        }
        for (user, quota) in sorted(state.quotas, by: \.text) { lines.add(user, quota) }
        for (_, reservation) in state.open.sorted(by: { $0.key.bits < $1.key.bits }) {
            lines.add(reservation)
        }
        for (user, budget) in sorted(state.budgets, by: \.text) { lines.add(user, budget) }
        for (user, sums) in sorted(usage.users, by: \.text) { lines.add(user, sums) }
        for (key, sums) in usage.models.sorted(by: { $0.key.isBefore($1.key) }) { lines.add(key, sums) }
        return lines.finish()
    }

    /// The state and the projection in `bytes`.
    ///
    /// - Throws: a ``CodecError`` for all bytes that ``encode(_:_:)`` would not have written.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> (state: LedgerState, usage: UsageProjection) {
        var reader = try SnapshotReader(bytes)
        return try reader.read()
    }

    private static func sorted<Key, Value>(
        _ values: [Key: Value], by text: (Key) -> String
    ) -> [(key: Key, value: Value)] {
        values.sorted { isBefore(text($0.key), text($1.key)) }
    }

    /// The order of bytes, which no locale and no normalisation changes.
    static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// FNV-1a, 64 bits: finds damage, not forgery.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}

extension UsageProjection.ModelKey {
    func isBefore(_ other: UsageProjection.ModelKey) -> Bool {
        for (mine, its) in [(user.text, other.user.text), (provider, other.provider), (model, other.model)]
        where !mine.utf8.elementsEqual(its.utf8) {
            return SnapshotCodec.isBefore(mine, its)
        }
        return false
    }
}

/// The lines of a snapshot while it is written.
private struct Lines {
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

    mutating func add(_ user: UserID, _ quota: Quota) {
        add { line in
            line.field("user", user.text)
            line.optional("dailyLimitUsd", quota.dailyLimit)
            line.optional("monthlyLimitUsd", quota.monthlyLimit)
            if let tokens = quota.dailyTokens { line.field("dailyTokens", tokens) }
            line.flag("disabled", !quota.isEnabled)
        }
    }

    mutating func add(_ reservation: Reservation) {
        add { line in
            line.field("user", reservation.call.user.text)
            EventEncoder.write(reservation.call, to: &line)
            line.field("reservedUsd", reservation.amount)
            line.field("reservedTokens", reservation.tokens)
            line.field("day", reservation.day.text)
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
            line.field("provider", key.provider)
            line.field("model", key.model)
            line.object("sums") { $0.write(sums) }
        }
    }
}

extension LineWriter {
    fileprivate mutating func optional(_ key: StaticString, _ amount: Money?) {
        if let amount { field(key, amount) }
    }

    fileprivate mutating func write(_ window: BudgetWindow) {
        field("start", window.start.text)
        field("usedUsd", window.used)
        field("reservedUsd", window.reserved)
        field("tokens", window.tokens)
        field("reservedTokens", window.reservedTokens)
    }

    fileprivate mutating func write(_ sums: UsageSums) {
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
    }
}
