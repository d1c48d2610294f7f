import LedgerCore
import LedgerStore

/// What one round claims for calls that wait, and what it gets.
struct LeaseRound {
    var claims: [LeaseKey: LeaseClaim] = [:]
    var answers: [LeaseKey: LeaseAnswer] = [:]

    /// The limits of which not even the smallest call that waits got what it needs.
    var starved: Set<LeaseKey> {
        Set(
            claims.keys.filter { key in
                guard let claim = claims[key], claim.need > claim.held else { return false }
                return (answers[key]?.leased ?? 0) <= claim.held
            })
    }
}

extension LeaseClaim {
    /// A claim of what `meter` has recorded, and no more.
    init(_ key: LeaseKey, _ meter: Meter) {
        self.init(key: key, limit: meter.limit.amount, held: meter.leased, inUse: meter.inUse)
    }

    /// A claim of a limit that is not recorded here yet.
    init(_ need: LeaseNeed) {
        self.init(key: need.key, limit: need.limit, held: need.leased, inUse: need.inUse)
    }
}
