/// How fast a copy that is behind goes on: at full speed alone, in small steps with rests beside live
/// traffic.
///
/// A server that takes a batch keeps a processor and the disk busy, which the callers of the journal's writer
/// wait for. Its process cannot be given a lower priority from here; it can be given less to do. The copy's
/// lag harms nobody, a late acknowledgement does: while others append, the copy works a fixed share of the
/// time. Where its lag grows all the same it tries full speed; where it grows even so, nothing is to be
/// gained, and the callers go first again for a while.
struct CatchUpPace {
    /// Events in a batch when nobody appends, after a few that grow to it: so that those who begin to append
    /// meanwhile are not behind a large one at once.
    static let eventsMaxAlone = 40_000
    /// Events in a batch beside live traffic: what one batch delays is over soon.
    static let eventsMaxBeside = 25
    /// A copy with so few events before it keeps up.
    static let behindEvents: Int64 = 1_000
    /// From how many events a second on the traffic counts as live.
    static let liveEventsPerSecond: Int64 = 100
    /// How long it rests for each part of time that it worked.
    static let restForWork: UInt64 = 9
    /// The longest rest.
    static let restNanosecondsMax: UInt64 = 500_000_000
    /// How long the lag is watched before it says whether the copy follows.
    static let trialNanoseconds: UInt64 = 10_000_000_000
    /// How long full speed is not tried again after it did not help.
    static let patienceNanoseconds: UInt64 = 1_800_000_000_000

    /// How it works beside live traffic.
    private enum Manner { case sparing, full }

    private var last: (journalEnd: Int64, nanoseconds: UInt64)?
    private var trial: (lag: Int64, nanoseconds: UInt64)?
    private var manner = Manner.sparing
    private var sparingUntil: UInt64 = 0
    /// Whether others append.
    private(set) var isBesideLive = false

    private var isSparing: Bool { isBesideLive && manner == .sparing }

    /// How many events the next batch may have.
    private(set) var eventsMax = Self.eventsMaxBeside

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
                lag > Self.behindEvents && appended / seconds >= Double(Self.liveEventsPerSecond)
        }
        last = (journalEnd, now)
        judge(lag, now)
        guard isSparing else {
            eventsMax = min(eventsMax * 2, Self.eventsMaxAlone)
            return 0
        }
        eventsMax = Self.eventsMaxBeside
        return min((now &- began) &* Self.restForWork, Self.restNanosecondsMax)
    }

    /// At the end of a trial, says how to go on.
    private mutating func judge(_ lag: Int64, _ now: UInt64) {
        guard isBesideLive else {
            trial = nil
            manner = .sparing
            return
        }
        guard let trial else { return trial = (lag, now) }
        guard now &- trial.nanoseconds >= Self.trialNanoseconds else { return }
        let grows = lag > trial.lag
        self.trial = (lag, now)
        switch manner {
        case .sparing where grows && now >= sparingUntil: manner = .full
        case .full where grows:
            manner = .sparing
            sparingUntil = now &+ Self.patienceNanoseconds
        default: break
        }
    }
}
