/// How much is leased at a time of one limit: as much as is spent in a few seconds.
struct LeaseWatch {
    /// What is leased beyond what is in use.
    private(set) var slice: Int128 = 0
    /// When something was last leased, and what was in use then.
    private var grantedAt: UInt64 = 0
    private var grantedInUse: Int128 = -1
    /// When calls last had to wait, or it was last looked at whether anybody uses the lease.
    private(set) var lookedAt: UInt64
    private var seenInUse: Int128 = -1
    /// No sooner is anything leased ahead.
    private var aheadNotBefore: UInt64 = 0

    /// The first slice: as many calls like the one that asks.
    private static let firstCalls: Int128 = 8
    /// Slices that are used up sooner than this grow, ones that last longer than four times this shrink.
    private static let growNanoseconds: UInt64 = 2_000_000_000
    private static let aheadPauseNanoseconds: UInt64 = 500_000_000

    /// Begins at `now`.
    init(at now: UInt64) { lookedAt = now }

    /// Takes note, once a round, that calls wait, one of which asks for `asked`.
    mutating func ask(_ asked: Int128, at now: UInt64) {
        if slice == 0 { slice = asked * Self.firstCalls } else { resize(at: now) }
        slice = max(slice, asked)
        lookedAt = now
    }

    /// Takes note that more is leased before calls have to wait.
    mutating func resize(at now: UInt64) {
        if now &- grantedAt < Self.growNanoseconds {
            slice = min(slice, .max / 8) * 2
        } else if now &- grantedAt > 4 * Self.growNanoseconds {
            slice = max(slice / 2, 1)
        }
    }

    /// Takes note of what is leased now: where it is less than was wanted, there is no plenty.
    mutating func grant(_ leased: Int128, inUse: Int128, at now: UInt64) {
        grantedAt = now
        grantedInUse = inUse
        guard leased - inUse < slice else { return }
        slice = max(leased - inUse, 1)
        aheadNotBefore = now + Self.aheadPauseNanoseconds
    }

    /// Whether it is time to lease more before calls have to wait: what is left is little, and in use.
    func isLow(_ left: Int128, inUse: Int128, at now: UInt64) -> Bool {
        left < slice / 2 && inUse != grantedInUse && now >= aheadNotBefore
    }

    /// Whether somebody still uses the lease, and not far less than is leased.
    mutating func look(inUse: Int128, left: Int128, at now: UInt64) -> Bool {
        defer {
            seenInUse = inUse
            slice = max(slice / 2, 1)
            lookedAt = now
        }
        return inUse != seenInUse && left <= slice * 2
    }
}
