/// How fast a copy that is behind goes on: at full speed alone, in small steps with rests beside live
/// traffic.
///
/// A server that takes a batch keeps a processor and the disk busy, which the callers of the journal's writer
/// wait for. Its process cannot be given a lower priority from here; it can be given less to do. The copy's
/// lag harms nobody, a late acknowledgement does: while others append, the copy works a fixed share of the
/// time. Where the lag grows all the same, it rests less and less: it follows whatever traffic its full speed
/// can follow.
struct CatchUpPace {
    /// Events in a batch when nobody appends.
    static let eventsMaxAlone = 20_000
    /// Events in a batch beside live traffic: what one batch delays is over soon.
    static let eventsMaxBeside = 1_000
    /// From how many events a second on the traffic counts as live.
    static let liveEventsPerSecond: Int64 = 100
    /// How long it rests at most for each part of time that it worked.
    static let restForWorkMax: UInt64 = 3
    /// The longest rest.
    static let restNanosecondsMax: UInt64 = 500_000_000

    private var last: (journalEnd: Int64, lag: Int64, nanoseconds: UInt64)?
    private var restForWork = Self.restForWorkMax
    /// Whether others append.
    private(set) var isBesideLive = false

    /// How many events the next batch may have.
    var eventsMax: Int { isBesideLive && restForWork > 0 ? Self.eventsMaxBeside : Self.eventsMaxAlone }

    /// How long to rest after a batch that took the time from `began` to `now`.
    ///
    /// - Parameters:
    ///   - journalEnd: the journal's last position now.
    ///   - lag: how many events of it wait; a copy that keeps up never rests.
    ///   - began: by the monotonic clock, when the server was given the batch.
    ///   - now: when it had taken it.
    /// - Returns: nanoseconds; 0 when nobody else needs the machine.
    mutating func restNanoseconds(journalEnd: Int64, lag: Int64, from began: UInt64, to now: UInt64) -> UInt64
    {
        if let last {
            let appended = Double(max(journalEnd - last.journalEnd, 0))
            let seconds = Double(max(now &- last.nanoseconds, 1)) / 1e9
            isBesideLive =
                lag > Int64(Self.eventsMaxBeside) && appended / seconds >= Double(Self.liveEventsPerSecond)
            restForWork = lag > last.lag ? restForWork / 2 : min(restForWork + 1, Self.restForWorkMax)
        }
        last = (journalEnd, lag, now)
        guard isBesideLive else { return 0 }
        return min((now &- began) &* restForWork, Self.restNanosecondsMax)
    }
}
