import LedgerCore
import LedgerStore

/// Looking after leases: ahead of calls, and behind them.
extension LeaseRounds {
    private static let leaseNanoseconds = UInt64(leaseSeconds) * 1_000_000_000
    /// How long windows that ended are remembered.
    private static let memoryDays: Int64 = 2
    private static let forgetPauseNanoseconds: UInt64 = 3_600_000_000_000

    /// Leases ahead what will soon be needed, says of what is in use that it still is, and gives back the
    /// rest.
    func lookAfterLeases() throws(StoreError) {
        let moment = nanoseconds
        if moment >= forgetNotBefore, let session {
            let past = Timestamp(microseconds: now.microseconds - Self.memoryDays * 86_400_000_000)
            forgetNotBefore = moment + Self.forgetPauseNanoseconds
            // Where there is more, it goes on soon.
            if try session.forget(before: past) { forgetNotBefore = moment + 1_000_000_000 }
        }
        guard moment >= lookNotBefore else { return }
        lookNotBefore = moment + UInt64(pauseMilliseconds) * 1_000_000
        var claims: [LeaseClaim] = []
        var idle: [LeaseKey] = []
        let now = now
        for part in Self.parts(Array(watches.keys)) {
            let meters = ledger.read { view in part.map { view.state.meter(of: $0, at: now) } }
            for (key, meter) in zip(part, meters) {
                guard let meter else {
                    watches[key] = nil
                    continue
                }
                look(at: key, meter, moment, &claims, &idle)
            }
        }
        for part in Self.parts(claims) {
            var round = LeaseRound()
            try claim(Array(part), in: &round)
        }
        try giveBack(idle)
    }

    private func look(
        at key: LeaseKey, _ meter: Meter, _ moment: UInt64, _ claims: inout [LeaseClaim],
        _ idle: inout [LeaseKey]
    ) {
        guard var watch = watches[key] else { return }
        var claim = LeaseClaim(key, meter)
        let left = meter.leased - meter.inUse
        if moment &- watch.lookedAt > Self.leaseNanoseconds {
            if watch.look(inUse: meter.inUse, left: left, at: moment) {
                claims.append(claim)
            } else if left == 0, meter.inUse == meter.used {
                watches[key] = nil
                return
            } else {
                idle.append(key)
            }
        } else if watch.isLow(left, inUse: meter.inUse, at: moment), meter.leased < meter.limit.amount {
            watch.resize(at: moment)
            claim.wanted = claim.inUse + watch.slice
            claims.append(claim)
        }
        watches[key] = watch
    }

    /// Records that leases are what is in use, then tells PostgreSQL of those that were not.
    ///
    /// - Returns: whether it is recorded; unrecorded nothing is given back.
    @discardableResult
    func giveBack(_ keys: [LeaseKey]) throws(StoreError) -> Bool {
        for part in Self.parts(keys) {
            guard let receipt = try? ledger.perform(.fitLeases(Array(part))) else { return false }
            let changed = receipt.events.compactMap { recorded in
                if case .leaseSet(let event) = recorded.event { claim(of: event.key) } else { nil }
            }
            desk.counts.count(.returned, changed.count)
            _ = try set(changed)
        }
        return true
    }

    /// Makes what PostgreSQL holds of `subjects`' limits what is in use here: the limits changed, or were
    /// spent from without a lease.
    func restate(_ subjects: Set<QuotaSubject>) throws(StoreError) {
        for part in Self.parts(Array(subjects)) {
            let now = now
            let leases = part.flatMap { subject in ledger.read { $0.state.leases(of: subject, at: now) } }
            let short = leases.filter { $0.value.leased < $0.value.inUse }.map(\.key)
            if !short.isEmpty { _ = try? ledger.perform(.fitLeases(short)) }
            watch(Dictionary(leases.map { ($0.key, $0.value) }) { $1 })
            _ = try set(leases.compactMap { claim(of: $0.key) })
            try session?.drop(Array(part), but: leases.map(\.key))
        }
    }

    /// Looks after leases of which more is held than is in use, however that came about.
    func watch(_ leases: [LeaseKey: Meter]) {
        for (key, meter) in leases where meter.leased > meter.inUse && watches[key] == nil {
            watches[key] = LeaseWatch(at: nanoseconds)
        }
    }
}
