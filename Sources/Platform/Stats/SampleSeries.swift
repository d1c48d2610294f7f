/// One container's samples, reduced to what the next one needs.
///
/// Only differences between two samples of its own count: what an engine says of an earlier moment is not
/// asked for. The clock is monotonic and an argument.
struct SampleSeries {
    private var last: (sample: StatsSample, atNanoseconds: Int64)?
    /// What was used and is not a whole unit yet, so that many small uses add up exactly.
    private var cpuRestNanoseconds: UInt64 = 0
    private var memoryRest: UInt128 = 0

    /// What one more sample says about the time since the one before.
    struct Step: Hashable {
        /// In percent of one core.
        var cpuPercent: Double?
        /// In milliseconds of one core.
        var cpuMilliseconds: Int64
        /// In mebibytes times seconds.
        var memoryMebibyteSeconds: Int64
    }

    /// Memory in use, without what the kernel can take back at once; never below 0.
    static func memoryBytes(_ sample: StatsSample) -> Int64 {
        let (rest, isOver) = sample.memoryUsageBytes.subtractingReportingOverflow(
            sample.memoryInactiveFileBytes)
        return isOver ? 0 : max(rest, 0)
    }

    /// Takes a sample; nil for the first one, and for one whose counter went back: the container was
    /// restarted.
    mutating func take(_ sample: StatsSample, atNanoseconds now: Int64) -> Step? {
        defer { last = (sample, now) }
        guard let last, sample.cpuNanoseconds >= last.sample.cpuNanoseconds else { return nil }
        let used = sample.cpuNanoseconds - last.sample.cpuNanoseconds
        let passed = elapsed(from: last.atNanoseconds, to: now)
        return Step(
            cpuPercent: percent(used, sample, since: last.sample, passed),
            cpuMilliseconds: milliseconds(used),
            memoryMebibyteSeconds: mebibyteSeconds(sample, last.sample, passed))
    }

    private func elapsed(from start: Int64, to end: Int64) -> UInt64 {
        let (passed, isOver) = end.subtractingReportingOverflow(start)
        return isOver ? 0 : UInt64(clamping: passed)
    }

    /// No more than all processors can give; nil when no time has passed.
    private func percent(
        _ used: UInt64, _ sample: StatsSample, since last: StatsSample, _ passed: UInt64
    ) -> Double? {
        let share: Double
        if let system = sample.systemNanoseconds, let before = last.systemNanoseconds, system > before,
            let cores = sample.onlineCPUs
        {
            share = Double(used) / Double(system - before) * Double(cores)
        } else if passed > 0 {
            share = Double(used) / Double(passed)
        } else {
            return nil
        }
        return min(share, Double(sample.onlineCPUs ?? StatsSample.onlineCPUsMax)) * 100
    }

    private mutating func milliseconds(_ used: UInt64) -> Int64 {
        let (sum, isOver) = used.addingReportingOverflow(cpuRestNanoseconds)
        let whole = isOver ? used : sum
        cpuRestNanoseconds = whole % 1_000_000
        return Int64(clamping: whole / 1_000_000)
    }

    /// The mean of both samples over the time between them.
    private mutating func mebibyteSeconds(
        _ sample: StatsSample, _ last: StatsSample, _ passed: UInt64
    ) -> Int64 {
        let doubled = UInt128(Self.memoryBytes(sample)) + UInt128(Self.memoryBytes(last))
        let unit: UInt128 = 2 * 1_048_576 * 1_000_000_000
        let whole = doubled * UInt128(passed) + memoryRest
        memoryRest = whole % unit
        return Int64(clamping: whole / unit)
    }
}
