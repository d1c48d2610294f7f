/// Saves the state and the usage projection, so that a start need not fold the journal from its first event.
///
/// A snapshot is disposable: whoever cannot decode one folds the journal instead. Its form is a header with
/// counts, one line for each entry, sorted, and a checksum; the same values always give the same bytes.
package enum SnapshotCodec {
    static let format = "dispatch-ledger-snapshot/7"

    /// The bytes of `state` and `usage`, which hold the same events.
    package static func encode(_ state: LedgerState, _ usage: UsageProjection) -> [UInt8] {
        var lines = SnapshotLines()
        lines.add { line in
            line.field("format", format)
            line.field("position", usage.position.value)
            line.field("timestamp", usage.timestamp)
            line.field("lastTimestamp", state.lastTimestamp)
            line.field("priceBook", state.priceBook)
            if let pattern = state.pattern { line.field("pattern", pattern.value) }
            line.field("lastAdjustment", state.lastAdjustment.value)
            line.field("quotas", Int64(state.quotas.count))
            line.field("sharedQuotas", Int64(state.sharedQuotas.count))
            line.field("groups", Int64(state.groups.count))
            line.field("meters", Int64(state.meters.count))
            line.field("changes", Int64(state.changes.count))
            line.field("copied", Int64(state.copied.count))
            line.field("open", Int64(state.open.count))
            line.field("budgets", Int64(state.budgets.count))
            line.field("users", Int64(usage.users.count))
            line.field("models", Int64(usage.models.count))
            line.field("dispatches", Int64(state.dispatches.count))
            line.field("alerts", Int64(state.alerts.count))
            line.field("containers", Int64(state.containers.count))
            line.field("reports", Int64(state.reports.count))
            line.field("reconciliations", Int64(state.reconciliations.count))
            line.field("dispatchCounts", Int64(usage.dispatches.count))
            line.field("dispatchModels", Int64(usage.dispatchModels.count))
        }
        for (user, quota) in sorted(state.quotas, by: \.text) {
            lines.add(user, quota, pattern: state.patterned[user])
        }
        for (subject, quota) in sorted(state.sharedQuotas, by: \.text) { lines.add(subject, quota) }
        for (user, groups) in sorted(state.groups, by: \.text) { lines.add(user, groups) }
        for (subject, meters) in sorted(state.meters, by: \.text) { lines.add(subject, meters) }
        for (key, stamp) in sorted(state.changes, by: \.text) { lines.add(key, stamp) }
        for (origin, position) in sorted(state.copied, by: { $0 }) { lines.add(origin, position) }
        for (_, reservation) in state.open.sorted(by: { $0.key.bits < $1.key.bits }) {
            lines.add(reservation)
        }
        for (user, budget) in sorted(state.budgets, by: \.text) { lines.add(user, budget) }
        for (user, sums) in sorted(usage.users, by: \.text) { lines.add(user, sums) }
        for (key, sums) in usage.models.sorted(by: { $0.key.isBefore($1.key) }) { lines.add(key, sums) }
        for (_, dispatch) in state.dispatches.sorted(by: { $0.key.bits < $1.key.bits }) {
            lines.add(dispatch)
        }
        for known in sorted(state.alerts.values) { lines.add(known) }
        for (_, known) in sorted(state.containers, by: \.text) { lines.add(known) }
        state.reports.each { lines.add($0, $1) }
        for known in state.reconciliations.values.sorted(by: { $0.position < $1.position }) {
            lines.add(known)
        }
        for (key, count) in usage.dispatches.sorted(by: { $0.key.isBefore($1.key) }) {
            lines.add(key, count)
        }
        for (key, sums) in usage.dispatchModels.sorted(by: { $0.key.isBefore($1.key) }) {
            lines.add(key, sums)
        }
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

    /// By the text that is written: a key may be another spelling of it in Unicode, which Swift takes for the
    /// same.
    private static func sorted(_ alerts: some Collection<KnownAlert>) -> [KnownAlert] {
        alerts.sorted { isBefore($0.alert.fingerprint, $1.alert.fingerprint) }
    }

    /// The order of bytes, which no locale and no normalisation changes.
    static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// The order of bytes, part by part.
    static func isBefore(_ left: [String], _ right: [String]) -> Bool {
        for (mine, its) in zip(left, right) where !mine.utf8.elementsEqual(its.utf8) {
            return isBefore(mine, its)
        }
        return false
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
        SnapshotCodec.isBefore(
            [user.text, kind.rawValue, provider, model],
            [other.user.text, other.kind.rawValue, other.provider, other.model])
    }
}
