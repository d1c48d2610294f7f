import LedgerCore
import Testing

@Suite("Changes that journals copy from each other")
struct ChangeTests {
    /// A journal with a clock of its own.
    struct Peer {
        let name: String
        var recorder: Recorder
        /// How far it has read the others' changes.
        var readTo: [String: Position] = [:]

        /// Copies what follows in `other`'s journal, `count` events at most.
        ///
        /// - Returns: whether there was anything to read.
        mutating func copy(_ other: Peer, count: Int) throws -> Bool {
            let from = max(
                readTo[other.name] ?? Position(0), recorder.state.copied[other.name] ?? Position(0))
            let page = other.recorder.events.filter { $0.position > from }.prefix(count)
            guard let last = page.last else { return false }
            try recorder.run(.copyChanges(Array(page), from: other.name, to: name))
            for event in page { #expect(!recorder.state.lacks(event, in: other.name, own: name)) }
            readTo[other.name] = last.position
            return true
        }
    }

    private let alice: UserID
    private let red: GroupName
    private var here: Peer
    private var there: Peer

    init() throws {
        alice = try user("alice")
        red = try #require(GroupName("red"))
        here = Peer(name: "here", recorder: try Recorder(at: "2026-11-24T22:00:00Z"))
        there = Peer(name: "there", recorder: try Recorder(at: "2026-11-24T22:00:00Z"))
    }

    private func daily(_ limit: String) throws -> Command {
        .setQuota(alice, Quota(dailyLimit: try usd(limit)), actor: "root")
    }

    @Test("a change is copied with who made it, where and when; the copy is not copied back")
    mutating func copied() throws {
        try there.recorder.run(
            .changeQuota(
                QuotaSet(
                    subject: .user(alice), quota: Quota(dailyLimit: try usd("5")), actor: "root",
                    reason: "trial")))
        let original = try #require(there.recorder.events.last)
        here.recorder.now = Timestamp(microseconds: here.recorder.now.microseconds + 5_000_000)
        _ = try here.copy(there, count: 10)
        let copy = try #require(here.recorder.events.last)
        guard case .quotaSet(let event) = copy.event else {
            Issue.record("\(copy)")
            return
        }
        #expect(event.actor == "root")
        #expect(event.reason == "trial")
        #expect(
            event.source
                == ChangeSource(
                    madeAt: original.timestamp,
                    copiedFrom: CopiedEvent(origin: "there", position: original.position)))
        #expect(here.recorder.state.quotas[alice]?.dailyLimit == (try usd("5")))
        _ = try there.copy(here, count: 10)
        #expect(there.recorder.events.count == 1)
    }

    @Test("what was changed later here stays, and goes there")
    mutating func latest() throws {
        try there.recorder.run(try daily("5"))
        here.recorder.now = Timestamp(microseconds: here.recorder.now.microseconds + 1)
        try here.recorder.run(try daily("7"))
        _ = try here.copy(there, count: 10)
        _ = try there.copy(here, count: 10)
        for peer in [here, there] {
            #expect(peer.recorder.state.quotas[alice]?.dailyLimit == (try usd("7")))
        }
    }

    @Test("what was removed does not come back with a change that was made before")
    mutating func removed() throws {
        try here.recorder.run(try daily("7"))
        try there.recorder.run(try daily("5"))
        here.recorder.now = Timestamp(microseconds: here.recorder.now.microseconds + 9)
        try here.recorder.run(.dropQuota(QuotaRemoved(user: alice, actor: "root")))
        _ = try here.copy(there, count: 10)
        #expect(here.recorder.state.quotas[alice] == nil)
        _ = try there.copy(here, count: 10)
        #expect(there.recorder.state.quotas[alice] == nil)
    }

    @Test(
        "a change here counts as later than the one that it replaces, though that was made by a clock ahead")
    mutating func clockBehind() throws {
        there.recorder.now = try moment("2026-11-24T23:00:00Z")
        try there.recorder.run(try daily("5"))
        _ = try here.copy(there, count: 10)
        try here.recorder.run(try daily("7"))
        guard case .quotaSet(let event)? = here.recorder.last else {
            Issue.record("no limits were set")
            return
        }
        #expect(event.source == ChangeSource(madeAt: try moment("2026-11-24T23:00:00.000001Z")))
        _ = try there.copy(here, count: 10)
        #expect(there.recorder.state.quotas[alice]?.dailyLimit == (try usd("7")))
        // The journal's own time is not moved by another's.
        #expect(here.recorder.state.lastTimestamp == (try moment("2026-11-24T22:00:00Z")))
    }

    @Test("what follows of itself is no change")
    func noChange() throws {
        let quota = Quota(dailyLimit: try usd("1"))
        let given = QuotaSet(subject: .user(alice), quota: quota, actor: "default", pattern: Position(1))
        #expect(LimitsChange(.quotaSet(given)) == nil)
        #expect(LimitsChange(.quotaRemoved(QuotaRemoved(user: alice, actor: "default"))) == nil)
        let removed = try #require(LimitsChange(.quotaRemoved(QuotaRemoved(user: alice, actor: "root"))))
        #expect(removed.key == .limits(.user(alice)))
        let joined = try #require(
            LimitsChange(.groupJoined(GroupJoined(user: alice, group: red, actor: "root"))))
        #expect(joined.key == .membership(alice, red))
    }

    @Test("limits that a user got from the pattern give way to those that somebody set elsewhere")
    mutating func pattern() throws {
        try there.recorder.run(
            .changeQuota(
                QuotaSet(
                    subject: .unknownUsers, quota: Quota(dailyLimit: try usd("1")), actor: "root")))
        _ = try here.copy(there, count: 10)
        try here.recorder.run(
            .reserve(
                call(1, of: alice), Estimate(cost: try usd("0.5"), tokens: 1), priceBook: "b", isPriced: true)
        )
        #expect(here.recorder.state.quotas[alice]?.dailyLimit == (try usd("1")))
        _ = try there.copy(here, count: 10)
        #expect(there.recorder.state.quotas[alice] == nil, "what comes of a pattern is not copied")
        try there.recorder.run(try daily("5"))
        _ = try here.copy(there, count: 10)
        #expect(here.recorder.state.quotas[alice]?.dailyLimit == (try usd("5")))
    }

    @Test("a user who leaves one group and joins another has room for it in one page")
    mutating func memberships() throws {
        for number in 1...LedgerState.groupsMax {
            let group = try #require(GroupName("g\(number)"))
            try there.recorder.run(.joinGroup(GroupJoined(user: alice, group: group, actor: "root")))
        }
        _ = try here.copy(there, count: 100)
        let first = try #require(GroupName("g1"))
        try there.recorder.run(.leaveGroup(GroupLeft(user: alice, group: first, actor: "root")))
        try there.recorder.run(.joinGroup(GroupJoined(user: alice, group: red, actor: "root")))
        _ = try here.copy(there, count: 100)
        #expect(here.recorder.state.groups == there.recorder.state.groups)
        // A ninth group has no room, and is told of.
        let ninth = RecordedEvent(
            position: Position(99), timestamp: here.recorder.now, id: UniqueID(bits: 99),
            event: .groupJoined(
                GroupJoined(user: alice, group: try #require(GroupName("ninth")), actor: "root")))
        try here.recorder.run(.copyChanges([ninth], from: "third", to: "here"))
        #expect(here.recorder.state.groups[alice]?.count == LedgerState.groupsMax)
        #expect(here.recorder.state.lacks(ninth, in: "third", own: "here"))
    }

    @Test("whoever reads what when: in the end all journals have the same", arguments: 1...60)
    func converges(_ seed: UInt64) throws {
        var seed = Seed(seed)
        var peers = try ["a", "b", "c"].map {
            Peer(name: $0, recorder: try Recorder(at: "2026-11-24T22:00:00Z"))
        }
        for place in peers.indices {
            let skew = seed.number(-30...30) * 1_000_000
            peers[place].recorder.now = Timestamp(
                microseconds: peers[place].recorder.now.microseconds + skew)
        }
        for _ in 0..<200 {
            let place = Int(seed.number(0...2))
            for other in peers.indices where seed.once(in: 2) {
                let now = peers[other].recorder.now.microseconds
                peers[other].recorder.now = Timestamp(microseconds: now + seed.number(0...2))
            }
            if seed.once(in: 2) {
                let command = try change(&seed)
                _ = try? peers[place].recorder.run(command)
            } else {
                let other = peers[(place + Int(seed.number(1...2))) % 3]
                _ = try peers[place].copy(other, count: Int(seed.number(1...8)))
            }
            // A process that ends forgets what it read without copying it.
            if seed.once(in: 20) { peers[place].readTo = [:] }
        }
        try settle(&peers)
        let first = peers[0].recorder.state
        for peer in peers.dropFirst() {
            #expect(peer.recorder.state.quotas == first.quotas)
            #expect(peer.recorder.state.sharedQuotas == first.sharedQuotas)
            #expect(peer.recorder.state.groups == first.groups)
            #expect(peer.recorder.state.changes.mapValues(\.madeAt) == first.changes.mapValues(\.madeAt))
        }
    }

    /// Copies until nothing is new anywhere.
    private func settle(_ peers: inout [Peer]) throws {
        var isMore = true
        while isMore {
            isMore = false
            for place in peers.indices {
                for other in peers.indices where other != place {
                    let from = peers[other]
                    if try peers[place].copy(from, count: 3) { isMore = true }
                }
            }
        }
    }

    private func change(_ seed: inout Seed) throws -> Command {
        let user = try user(seed.pick(["alice", "bob"]))
        let group = try #require(GroupName(seed.pick(["red", "blue"])))
        let subject: QuotaSubject = seed.pick([.user(user), .group(group), .global, .unknownUsers])
        switch seed.number(0...5) {
        case 0: return .dropQuota(QuotaRemoved(subject: subject, actor: "root"))
        case 1: return .joinGroup(GroupJoined(user: user, group: group, actor: "root"))
        case 2: return .leaveGroup(GroupLeft(user: user, group: group, actor: "root"))
        default:
            let limit = Money(attos: Int128(seed.number(1...1_000_000)))
            return .changeQuota(
                QuotaSet(subject: subject, quota: Quota(dailyLimit: limit), actor: "root"))
        }
    }
}
