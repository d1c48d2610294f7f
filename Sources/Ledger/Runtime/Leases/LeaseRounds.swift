import LedgerCore
import LedgerStore
import Logging
import Threads

/// The rounds of a ``LeaseDesk``, on its thread.
///
/// What PostgreSQL holds for this journal is never less than what the journal says: a grant is recorded after
/// PostgreSQL has it, what is given back before; but for what was spent without a lease. Each claim says what
/// is recorded, so that whatever was lost on the way, the next claim of the same limit sets right.
final class LeaseRounds {
    let ledger: Ledger
    let desk: LeaseDesk
    private let url: String
    private let policy: SharedBudgets
    let log: Logger
    var session: LeaseSession?
    private var connectNotBefore: UInt64 = 0
    var forgetNotBefore: UInt64 = 0
    var lookNotBefore: UInt64 = 0
    var copyNotBefore: UInt64 = 0
    /// How far the changes of other journals are read, beyond those that are copied.
    var readTo: [String: Position] = [:]
    /// Whether this process has not yet set right what the last one left.
    private var isFirst = true
    /// The limits of which something was leased lately.
    var watches: [LeaseKey: LeaseWatch] = [:]

    /// How long a lease lasts that nobody uses.
    static let leaseSeconds = 10
    /// A lease that nobody has changed for so long is in doubt.
    private static let doubtSeconds = 3 * leaseSeconds
    private static let connectPauseNanoseconds: UInt64 = 1_000_000_000
    /// Limits that one statement is about, at most.
    private static let claimsMax = 1_000
    /// Rounds that a call waits for at most: others may take what was leased for it.
    private static let waitsMax = 32

    init(_ ledger: Ledger, url: String, policy: SharedBudgets, desk: LeaseDesk, log: Logger) {
        self.ledger = ledger
        self.url = url
        self.policy = policy
        self.desk = desk
        self.log = log
    }

    /// How long to wait for a call before looking after the leases.
    var pauseMilliseconds: Int { watches.isEmpty ? 1_000 : min(10 + watches.count / 100, 1_000) }

    var now: Timestamp { ledger.configuration.now() }
    var nanoseconds: UInt64 { ledger.configuration.monotonicNanoseconds() }

    /// Leases what `waiting` calls need and what will soon be needed, gives back what nobody uses, and says
    /// what became of limits that `changed`; false: PostgreSQL is away, and does not know of those yet.
    func run(_ waiting: [LeaseDesk.Waiting], _ changed: Set<QuotaSubject>) -> Bool {
        var waiting = waiting
        // Nobody waits for a server that was away a moment ago; a session that broke is made anew at once.
        if session == nil, connectNotBefore > 0 {
            waiting.forEach(goOnWithout)
            waiting = []
        }
        for isLast in [false, true] {
            guard connect() else { break }
            do throws(StoreError) {
                let round = try claim(for: waiting)
                let starved = round.starved
                // Each is judged again once, whatever comes after.
                for call in waiting { judgeAgain(call, after: round, starved) }
                waiting = []
                // What is too little here may be enough elsewhere, together with what others give back.
                try giveBack(Array(starved))
                try restate(changed)
                try lookAfterLeases()
                try copyChanges()
                return true
            } catch {
                lose(error)
                if !isLast { connectNotBefore = 0 }
            }
        }
        waiting.forEach(goOnWithout)
        return false
    }

    /// Copies what changed of limits while this process was not there, before there is any call.
    func begin() {
        guard connect() else { return }
        do throws(StoreError) {
            while try copyChanges(), !desk.isStopping {}
        } catch { lose(error) }
    }

    /// Gives back everything that is not in use.
    func giveBackAll() {
        guard session != nil else { return }
        let now = now
        let unused = ledger.read { $0.state.leases(at: now).filter { $1.leased != $1.inUse } }
        do throws(StoreError) { try giveBack(Array(unused.keys)) } catch { lose(error) }
        session = nil
    }

    // MARK: Calls that wait

    /// Claims what `waiting` calls need.
    private func claim(for waiting: [LeaseDesk.Waiting]) throws(StoreError) -> LeaseRound {
        var round = LeaseRound()
        let needs = waiting.flatMap(\.needs)
        // A user whose limits the pattern is about to change is judged by the new ones: what is leased of the
        // old ones is not leased of them.
        let outdated = needs.filter { need in claim(of: need.key).map { $0.limit != need.limit } ?? false }
        try giveBack(Array(Set(outdated.map(\.key))))
        for need in needs { add(need, to: &round) }
        for part in Self.parts(Array(round.claims.keys)) {
            try claim(part.compactMap { round.claims[$0] }, in: &round)
        }
        return round
    }

    private func add(_ need: LeaseNeed, to round: inout LeaseRound) {
        if round.claims[need.key] == nil {
            watches[need.key, default: LeaseWatch(at: nanoseconds)].ask(need.asked, at: nanoseconds)
        }
        var claim = round.claims[need.key] ?? self.claim(of: need.key) ?? LeaseClaim(need)
        claim.limit = need.limit
        let inUse = max(claim.inUse, need.inUse)
        claim.least = claim.least == 0 ? inUse + need.asked : min(claim.least, inUse + need.asked)
        claim.need = max(claim.need, inUse) + need.asked
        claim.wanted = claim.need + (watches[need.key]?.slice ?? 0)
        round.claims[need.key] = claim
    }

    /// What is recorded of `key`; nil: there is no such limit here.
    func claim(of key: LeaseKey) -> LeaseClaim? {
        let now = now
        return ledger.read { view in view.state.meter(of: key, at: now) }.map { LeaseClaim(key, $0) }
    }

    /// Has PostgreSQL grant `claims`, and records what it granted.
    func claim(_ claims: [LeaseClaim], in round: inout LeaseRound) throws(StoreError) {
        let answers = try set(claims)
        var grants: [LeaseSet] = []
        for (claim, answer) in zip(claims, answers) {
            round.answers[claim.key] = answer
            watches[claim.key]?.grant(answer.leased, inUse: claim.inUse, at: nanoseconds)
            guard answer.leased > claim.held else { continue }
            grants.append(
                LeaseSet(key: claim.key, limit: claim.limit, leased: answer.leased, cause: .granted))
        }
        guard !grants.isEmpty else { return }
        desk.counts.count(.granted, grants.count)
        // Where it cannot be recorded, the next claim gives it back.
        _ = try? ledger.perform(.grantLeases(grants))
    }

    private func judgeAgain(_ call: LeaseDesk.Waiting, after round: LeaseRound, _ starved: Set<LeaseKey>) {
        var request = call.request
        request.waits += 1
        if let missing = call.needs.first(where: { starved.contains($0.key) }) {
            // What others hold and do not use is free again before long.
            let isIdle = (round.answers[missing.key]?.idleElsewhere ?? 0) > 0
            request.shortage = .refuse(
                .elsewhere, until: isIdle ? min(soon, missing.key.windowEnd) : nil)
            desk.counts.count(.refused)
        } else if request.waits > Self.waitsMax {
            request.shortage = .refuse(.elsewhere, until: soon)
            desk.counts.count(.refused)
        }
        ledger.submit(request)
    }

    /// When a lease that nobody uses will have been given back.
    private var soon: Timestamp {
        Timestamp(microseconds: now.microseconds + Int64(Self.leaseSeconds) * 1_000_000)
    }

    /// What happens to a call while PostgreSQL is away.
    private func goOnWithout(_ call: LeaseDesk.Waiting) {
        var request = call.request
        if policy == .open {
            request.shortage = .override
            desk.counts.count(.overridden)
        } else {
            request.shortage = .refuse(.unavailable, until: soon)
            desk.counts.count(.unavailable)
        }
        ledger.submit(request)
    }

    // MARK: The session

    func set(_ claims: [LeaseClaim]) throws(StoreError) -> [LeaseAnswer] {
        guard !claims.isEmpty else { return [] }
        guard let session else { throw .connection("no session") }
        var answers: [LeaseAnswer] = []
        for part in Self.parts(claims) { answers += try session.set(Array(part)) }
        return answers
    }

    /// Whether there is a session, after a try where it is time for one.
    private func connect() -> Bool {
        if session != nil { return true }
        guard nanoseconds >= connectNotBefore else { return false }
        do throws(StoreError) {
            let fresh = try LeaseSession(
                url: url, origin: ledger.configuration.origin, leaseSeconds: Self.doubtSeconds
            ) { [desk] in desk.isStopping }
            session = fresh
            try fresh.join()
            try setRight(fresh)
            desk.counts.connected(true)
            return true
        } catch {
            lose(error)
            return false
        }
    }

    /// Brings what PostgreSQL holds for this journal and what is recorded together: a process, a statement or
    /// rows may have been lost between the two.
    private func setRight(_ session: LeaseSession) throws(StoreError) {
        let now = now
        if isFirst {
            let unused = ledger.read { $0.state.leases(at: now).filter { $1.leased != $1.inUse } }
            isFirst = try !giveBack(Array(unused.keys))
        }
        let known = try session.known()
        let recorded = ledger.read { $0.state.leases(at: now) }
        watch(recorded)
        // PostgreSQL may never have heard of a limit that was set while it was away, or before a kill.
        let differing = recorded.filter { key, meter in
            guard let held = known[key] else { return true }
            return held.leased != max(meter.leased, meter.inUse) || held.limit != meter.limit.amount
        }
        _ = try set(differing.map { LeaseClaim($0, $1) })
        let gone = known.keys.filter { recorded[$0] == nil }
        let subjects = Set(gone.map(\.subject))
        try session.drop(Array(subjects), but: recorded.keys.filter { subjects.contains($0.subject) })
    }

    private func lose(_ error: StoreError) {
        session = nil
        connectNotBefore = nanoseconds + Self.connectPauseNanoseconds
        desk.counts.connected(false)
        log.warning(
            "shared limits cannot be leased: calls go on with what is leased", ["error": "\(error)"],
            onceEvery: 10)
    }

    static func parts<Value>(_ values: [Value]) -> [ArraySlice<Value>] {
        stride(from: 0, to: values.count, by: claimsMax).map {
            values[$0..<min($0 + claimsMax, values.count)]
        }
    }
}
