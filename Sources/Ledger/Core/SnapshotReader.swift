/// Reads a snapshot line by line and refuses everything that is not in its one form.
struct SnapshotReader {
    private let bytes: UnsafeRawBufferPointer
    /// The offset of the next line.
    private var offset = 0
    /// The offset of the checksum's line.
    private let end: Int

    /// Checks the last line, which has the checksum of those before it.
    init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        self.bytes = bytes
        guard bytes.last == 0x0A, let previous = bytes.dropLast().lastIndex(of: 0x0A)
        else { throw .unexpectedEnd }
        end = previous + 1
        var line = try LineScanner(UnsafeRawBufferPointer(rebasing: bytes[end..<(bytes.count - 1)]))
        let checksum = try line.integer("checksum")
        try line.endWithoutChain()
        guard checksum == Int64(bitPattern: SnapshotCodec.checksum(bytes[..<end]))
        else { throw .badSnapshot("checksum") }
    }

    /// Reads the whole.
    mutating func read() throws(CodecError) -> (state: LedgerState, usage: UsageProjection) {
        var (state, usage) = (LedgerState(), UsageProjection())
        let counts = try header(&state, &usage)
        try readLimits(counts, into: &state)
        try read(counts.open, into: &state.open, Self.reservation)
        try read(counts.budgets, into: &state.budgets, Self.budget)
        try read(counts.users, into: &usage.users, Self.userUsage)
        try read(counts.models, into: &usage.models, Self.modelUsage)
        try read(counts.dispatches, into: &state.dispatches, Self.dispatch)
        try read(counts.alerts, into: &state.alerts, Self.alert)
        try read(counts.containers, into: &state.containers, Self.container)
        state.reports = try reports(counts.reports)
        try read(counts.reconciliations, into: &state.reconciliations, Self.reconciliation)
        try read(counts.dispatchCounts, into: &usage.dispatches, Self.dispatchCount)
        try read(counts.dispatchModels, into: &usage.dispatchModels, Self.dispatchModel)
        guard offset == end else { throw .trailingBytes(offset: offset) }
        return (state, usage)
    }

    struct Counts {
        let quotas: Int64
        let sharedQuotas: Int64
        let groups: Int64
        let meters: Int64
        let changes: Int64
        let copied: Int64
        let open: Int64
        let budgets: Int64
        let users: Int64
        let models: Int64
        let dispatches: Int64
        let alerts: Int64
        let containers: Int64
        let reports: Int64
        let reconciliations: Int64
        let dispatchCounts: Int64
        let dispatchModels: Int64
    }

    private mutating func header(
        _ state: inout LedgerState, _ usage: inout UsageProjection
    ) throws(CodecError) -> Counts {
        var line = try nextLine()
        let format = try line.string("format")
        guard format == SnapshotCodec.format else { throw .badSnapshot(format) }
        usage.position = Position(try line.integer("position"))
        usage.timestamp = try line.timestamp("timestamp")
        state.lastTimestamp = try line.timestamp("lastTimestamp")
        state.priceBook = try line.optionalString("priceBook")
        state.pattern = try line.optionalInteger("pattern").map { Position($0) }
        state.lastAdjustment = Position(try line.integer("lastAdjustment"))
        let counts = Counts(
            quotas: try Self.count("quotas", &line), sharedQuotas: try Self.count("sharedQuotas", &line),
            groups: try Self.count("groups", &line), meters: try Self.count("meters", &line),
            changes: try Self.count("changes", &line), copied: try Self.count("copied", &line),
            open: try Self.count("open", &line),
            budgets: try Self.count("budgets", &line), users: try Self.count("users", &line),
            models: try Self.count("models", &line), dispatches: try Self.count("dispatches", &line),
            alerts: try Self.count("alerts", &line),
            containers: try Self.count("containers", &line), reports: try Self.count("reports", &line),
            reconciliations: try Self.count("reconciliations", &line),
            dispatchCounts: try Self.count("dispatchCounts", &line),
            dispatchModels: try Self.count("dispatchModels", &line))
        try line.endWithoutChain()
        return counts
    }

    private static func count(_ key: StaticString, _ line: inout LineScanner) throws(CodecError) -> Int64 {
        let count = try line.integer(key)
        guard count >= 0 else { throw .badValue(key.description, offset: line.offset) }
        return count
    }

    private mutating func nextLine() throws(CodecError) -> LineScanner {
        guard offset < end, let newline = bytes[offset..<end].firstIndex(of: 0x0A) else {
            throw .unexpectedEnd
        }
        let line = UnsafeRawBufferPointer(rebasing: bytes[offset..<newline])
        offset = newline + 1
        return try LineScanner(line)
    }

    /// Reads `count` entries into `values`; one that comes twice is refused.
    mutating func read<Key, Value>(
        _ count: Int64, into values: inout [Key: Value],
        _ entry: (inout LineScanner) throws(CodecError) -> (Key, Value)
    ) throws(CodecError) {
        for _ in 0..<count {
            let (key, value) = try self.entry(entry)
            try insert(value, at: key, into: &values)
        }
    }

    mutating func entry<Value>(
        _ read: (inout LineScanner) throws(CodecError) -> Value
    ) throws(CodecError) -> Value {
        var line = try nextLine()
        let value = try read(&line)
        try line.endWithoutChain()
        return value
    }

    func insert<Key, Value>(
        _ value: Value, at key: Key, into values: inout [Key: Value]
    ) throws(CodecError) {
        guard values.updateValue(value, forKey: key) == nil else { throw .badSnapshot("an entry twice") }
    }

    // MARK: Entries

    private static func reservation(
        _ line: inout LineScanner
    ) throws(CodecError) -> (UniqueID, Reservation) {
        let reservation = Reservation(
            call: try EventDecoder.call(&line), amount: try line.money("reservedUsd"),
            tokens: try line.integer("reservedTokens"), position: Position(try line.integer("position")),
            madeAt: try line.timestamp("madeAt"), groups: try groupNames(&line),
            models: try line.strings("models"), isLinked: try line.flag("linked"))
        return (reservation.call.callID, reservation)
    }

    private static func budget(_ line: inout LineScanner) throws(CodecError) -> (UserID, Budget) {
        let user = try EventDecoder.user(&line)
        return (user, Budget(day: try window("day", &line), month: try window("month", &line)))
    }

    private static func userUsage(_ line: inout LineScanner) throws(CodecError) -> (UserID, UserUsage) {
        let user = try EventDecoder.user(&line)
        var usage = UserUsage(try EventDecoder.day("today", &line))
        usage.day = try sums("day", &line)
        usage.month = try sums("month", &line)
        usage.total = try sums("total", &line)
        return (user, usage)
    }

    private static func modelUsage(
        _ line: inout LineScanner
    ) throws(CodecError) -> (UsageProjection.ModelKey, UsageSums) {
        let user = try EventDecoder.user(&line)
        let key = UsageProjection.ModelKey(
            user: user, kind: try EventDecoder.choice("kind", &line), provider: try line.string("provider"),
            model: try line.string("model"))
        return (key, try sums("sums", &line))
    }

    // MARK: Values

    private static func window(
        _ key: StaticString, _ line: inout LineScanner
    ) throws(CodecError) -> BudgetWindow {
        var window = BudgetWindow(start: Day(daysSince1970: 0))
        try line.object(key) { (fields: inout LineScanner) throws(CodecError) in
            window = BudgetWindow(start: try EventDecoder.day("start", &fields))
            window.used = try fields.money("usedUsd")
            window.reserved = try fields.money("reservedUsd")
            window.tokens = try fields.integer("tokens")
            window.reservedTokens = try fields.integer("reservedTokens")
        }
        return window
    }

    static func sums(_ key: StaticString, _ line: inout LineScanner) throws(CodecError) -> UsageSums {
        var sums = UsageSums()
        try line.object(key) { (fields: inout LineScanner) throws(CodecError) in
            sums.calls = try fields.integer("calls")
            sums.errors = try fields.integer("errors")
            sums.rejected = try fields.integer("rejected")
            sums.inputTokens = try fields.integer("inputTokens")
            sums.outputTokens = try fields.integer("outputTokens")
            sums.cacheReadTokens = try fields.integer("cacheReadTokens")
            sums.cacheWriteTokens = try fields.integer("cacheWriteTokens")
            sums.cost = try fields.money("costUsd")
            sums.estimated = try fields.money("estimatedUsd")
            sums.unpricedCalls = try fields.integer("unpricedCalls")
            sums.held = try fields.money("heldUsd")
            sums.durationMilliseconds = try fields.integer("durationMs")
            sums.dispatches = try fields.integer("dispatches")
            sums.failedDispatches = try fields.integer("failedDispatches")
            sums.cpuMilliseconds = try fields.integer("cpuMs")
            sums.memoryMebibyteSeconds = try fields.integer("memoryMibS")
            sums.adjustments = try fields.integer("adjustments")
            sums.adjusted = try fields.money("adjustedUsd")
        }
        return sums
    }
}
