import LedgerCore
import Postgres
import Testing
import Threads

@testable import LedgerStore
import TestSupport

@Suite("Lease sessions")
struct LeaseSessionTests {
    private let database: TestDatabase
    private let key: LeaseKey

    init() throws {
        database = try TestDatabase()
        key = LeaseKey(
            subject: .user(try #require(UserID("alice"))), measure: .cost, window: .day,
            windowEnd: try #require(Timestamp("2040-01-02T00:00:00Z".utf8)))
    }

    private func open(_ origin: String, seconds: Int = 30) throws -> LeaseSession {
        try LeaseSession(
            url: database.server.url(database: database.name, user: "postgres", directory: nil),
            origin: origin, leaseSeconds: seconds, isEnding: { false })
    }

    private func claim(
        held: Int128 = 0, inUse: Int128 = 0, least: Int128 = 0, need: Int128 = 0, wanted: Int128 = 0,
        limit: Int128 = 100
    ) -> LeaseClaim {
        var claim = LeaseClaim(key: key, limit: limit, held: held, inUse: inUse)
        claim.least = least
        claim.need = need
        claim.wanted = wanted
        return claim
    }

    private func leased(_ session: LeaseSession, _ claim: LeaseClaim) throws -> Int128 {
        let answers = try session.set([claim])
        return try #require(answers.first).leased
    }

    @Test("calls get what they need, and ahead of them a quarter of the rest at most")
    func sizes() throws {
        let here = try open("here")
        #expect(try leased(here, claim(least: 10, need: 20, wanted: 30)) == 30)
        #expect(try leased(here, claim(held: 30, wanted: 90)) == 47, "70 are free")
        #expect(try leased(here, claim(held: 47, least: 50, need: 100, wanted: 200)) == 100)
        let there = try open("there")
        #expect(try leased(there, claim(least: 1, need: 1, wanted: 1)) == 0)
    }

    @Test("where not all get it, some do, unless it is too little for any")
    func part() throws {
        let here = try open("here")
        let there = try open("there")
        #expect(try leased(here, claim(held: 70, inUse: 70)) == 70)
        #expect(try leased(there, claim(least: 10, need: 40, wanted: 80)) == 30)
        #expect(try leased(here, claim(held: 65, inUse: 65)) == 65)
        #expect(try leased(there, claim(held: 30, inUse: 29, least: 36, need: 36, wanted: 50)) == 30)
        #expect(try leased(there, claim(held: 30, inUse: 29, least: 35, need: 35, wanted: 50)) == 35)
    }

    @Test("what a journal has recorded stands, and what it holds idle is told to others")
    func facts() throws {
        let here = try open("here")
        #expect(try leased(here, claim(held: 130, inUse: 120)) == 130)
        let there = try open("there")
        let answer = try #require(try there.set([claim(least: 1, need: 1)]).first)
        #expect(answer.leased == 0 && answer.idleElsewhere == 10)
        #expect(try here.known().mapValues(\.leased) == [key: 130])
        #expect(try leased(here, claim(held: 120, inUse: 120)) == 120)
        try here.drop([key.subject], but: [key])
        #expect(try here.known().mapValues(\.leased) == [key: 120])
        try here.drop([.global, key.subject], but: [])
        #expect(try here.known().isEmpty)
    }

    @Test("what was used before anything was leased leaves the rest of the limit free")
    func before() throws {
        #expect(try leased(try open("here"), claim(inUse: 60, least: 70, need: 100, wanted: 200)) == 100)
    }

    @Test("what is in use without a lease is not free, and leases are set at read committed alone")
    func unleased() throws {
        _ = try open("here").set([claim(held: 10, inUse: 60)])
        #expect(
            try leased(try open("there"), claim(held: 5, inUse: 30, least: 41, need: 41, wanted: 60)) == 5)
        let connection = try database.connect()
        try connection.execute("begin isolation level repeatable read")
        #expect(throws: PostgresError.self) {
            try connection.execute("select ledger.set_leases('x', '[]', 30)")
        }
        try database.run("alter database \(database.name) set default_transaction_isolation = 'serializable'")
        #expect(try leased(try open("again"), claim(least: 1, need: 1)) == 1)
    }

    @Test("the lowest limit that a journal knows holds for all")
    func lowest() throws {
        _ = try open("here").set([claim(held: 1, inUse: 1, limit: 20)])
        #expect(try leased(try open("there"), claim(least: 30, need: 30, wanted: 30)) == 0)
        #expect(try leased(try open("there2"), claim(least: 1, need: 30, wanted: 30)) == 19)
    }

    @Test("eight journals at once never lease more than there is, seen at every commit")
    func race() throws {
        let limit: Int128 = 10_000
        let url = database.server.url(database: database.name, user: "postgres", directory: nil)
        let base = claim(limit: limit)
        let worst = Lock<Int128>(0)
        let failures = Lock<[String]>([])
        let threads = try (0..<8).map { number in
            try Thread(named: "lease-\(number)") {
                do {
                    let session = try LeaseSession(
                        url: url, origin: "journal-\(number)", leaseSeconds: 30, isEnding: { false })
                    var held: Int128 = 0
                    for step in 0..<60 {
                        var claim = base
                        // Now and then all but a little is given back.
                        claim.held = step % 17 == 16 ? held / 8 : held
                        claim.inUse = claim.held
                        claim.least = claim.held + Int128(step % 7 + 1)
                        claim.need = claim.held + Int128(step % 200)
                        claim.wanted = claim.need + Int128(number * 50)
                        held = try session.set([claim]).first?.leased ?? -1
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        let watching = Lock(true)
        let watcher = try Thread(named: "watcher") {
            do {
                let connection = try PostgresConnection.connect(
                    url: url, options: PostgresOptions(applicationName: "watcher"))
                while watching.withLock({ $0 }) {
                    let sum = try connection.query(
                        "select coalesce(sum(leased), 0) * 1e18 from ledger.budget_leases"
                    ).text(0, 0)?.split(separator: ".").first.flatMap { Int128($0) }
                    worst.withLock { $0 = max($0, sum ?? -1) }
                }
            } catch { failures.withLock { $0.append("\(error)") } }
        }
        for thread in threads { thread.join() }
        watching.withLock { $0 = false }
        watcher.join()
        #expect(failures.withLock { $0 } == [])
        let last = try database.row("select trunc(sum(leased) * 1e18)::text from ledger.budget_leases")
        let sum = try #require(last[0].flatMap { Int128($0) })
        #expect(sum <= limit)
        #expect(sum > limit / 4)
        #expect(worst.withLock { $0 } <= limit)
    }

    @Test("two windows in one statement, in any order; groups and odd names are their own rows")
    func names() throws {
        let end = key.windowEnd
        let subjects = ["user:global", "global", "group:red", "alice", "user:group:red", "model:x"]
        let claims = try subjects.map { text in
            var claim = LeaseClaim(
                key: LeaseKey(
                    subject: try #require(QuotaSubject(text)), measure: .requests, window: .hour,
                    windowEnd: end), limit: 5, held: 0, inUse: 0)
            claim.least = 1
            claim.need = 2
            claim.wanted = 2
            return claim
        }
        let here = try open("here")
        #expect(try here.set(claims).map(\.leased) == [2, 2, 2, 2, 2, 2])
        #expect(Set(try here.known().keys) == Set(claims.map(\.key)))
        let rows = try database.connect().query("select user_id from ledger.budget_leases order by 1")
        let names = (0..<rows.rowCount).compactMap { rows.text($0, 0) }
        #expect(Set(names) == ["user:global", "global", "group:red", "alice", "user:group:red", "model:x"])
    }

    @Test("a journal has one session, and windows that ended are forgotten")
    func session() throws {
        let here = try open("here")
        #expect(throws: StoreError.busy(origin: "here", holder: nil)) { try open("here") }
        _ = try here.set([claim(least: 1, need: 1)])
        let old = LeaseKey(
            subject: key.subject, measure: .cost, window: .day,
            windowEnd: try #require(Timestamp("2020-01-01T00:00:00Z".utf8)))
        _ = try here.set([LeaseClaim(key: old, limit: 9, held: 1, inUse: 0)])
        #expect(
            try here.known().mapValues(\.leased) == [key: 1], "a window that is over is nobody's business")
        #expect(try !here.forget(before: try #require(Timestamp("2021-01-01T00:00:00Z".utf8))))
        #expect(try database.row("select count(*) from ledger.budget_leases") == ["1"])
        #expect(try database.row("select count(*) from ledger.budget_windows") == ["1"])
    }

    @Test("the writer's role leases, the reader's only looks")
    func rights() throws {
        try database.run("create role leaser login in role ledger_writer")
        let url = database.server.url(database: database.name, user: "leaser", directory: nil)
        let session = try LeaseSession(
            url: url, origin: "here", leaseSeconds: 30, isEnding: { false })
        #expect(try leased(session, claim(least: 1, need: 1)) == 1)
        for statement in [
            "update ledger.budget_leases set leased = 99", "delete from ledger.budget_leases",
            "insert into ledger.budget_windows values ('x', 'cost', 'day', now())",
        ] {
            #expect(throws: PostgresError.self) { try database.run(statement, as: "leaser") }
        }
        try database.run("drop role leaser")
    }
}
