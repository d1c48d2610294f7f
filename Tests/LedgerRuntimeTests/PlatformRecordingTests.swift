import LedgerCore
import LedgerRuntime
import LedgerStore
import Logging
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("Containers and reported usage, recorded")
struct PlatformRecordingTests {
    let house: LedgerFixture
    let ann: UserID

    init() throws {
        house = try LedgerFixture()
        ann = try user("ann")
    }

    private func report(_ id: String, digest: String = "d", kind: UsageKind = .report) throws -> Command {
        var usage = Usage()
        if kind == .report { usage.input = 5 }
        return .reportUsage(
            UsageReported(
                user: ann, source: "agent", reportID: id, digest: digest, kind: kind, provider: "anthropic",
                model: "claude-x", usage: usage, cpuMilliseconds: kind == .compute ? 70 : 0,
                memoryMebibyteSeconds: kind == .compute ? 80 : 0, cost: .priced(try usd("1")),
                priceBook: "book", usedAt: house.clock.now))
    }

    private func change(_ change: ContainerChange, _ handle: String, _ containerID: String) throws -> Command
    {
        .changeContainer(
            ContainerChanged(
                container: ContainerIdentity(
                    handle: try #require(ContainerHandle(handle)), user: ann, containerID: containerID,
                    image: "os:1"),
                change: change, reason: "request", durationMilliseconds: 9))
    }

    @Test("64 duplicates at once are one event, and each learns its position", arguments: [true, false])
    func concurrent(_ hasSnapshot: Bool) throws {
        do {
            let ledger = try house.open { if hasSnapshot { $0.snapshotInterval = 1 } }
            defer { ledger.close() }
            let same = try report("1")
            let other = try report("1", digest: "e")
            let recorded = Atomic(0)
            let refused = Atomic(0)
            let threads = try (0..<64).map { number in
                try Thread(named: "duplicate") {
                    do {
                        let receipt = try ledger.ask(number.isMultiple(of: 4) ? other : same)
                        recorded.add(receipt.events.count, ordering: .relaxed)
                    } catch LedgerError.rejected(.anotherReport) {
                        refused.add(1, ordering: .relaxed)
                    } catch { Issue.record(error) }
                }
            }
            for thread in threads { thread.join() }
            #expect(recorded.load(ordering: .relaxed) == 1)
            #expect([16, 48].contains(refused.load(ordering: .relaxed)))
        }
        // The memory outlives a restart.
        let ledger = try house.open()
        defer { ledger.close() }
        let known = try #require(ledger.read { $0.state.report(source: "agent", id: "1") })
        #expect(try ledger.ask(report("1", digest: known.digest)).events.isEmpty)
        #expect(throws: LedgerError.rejected(.anotherReport(known.position))) {
            try ledger.ask(report("1", digest: "f"))
        }
        #expect(ledger.read { $0.usage.users[ann]?.total.cost } == (try usd("1")))
    }

    @Test("containers stand in the database as they stand in memory, reported usage is in its sums")
    func stored() throws {
        let database = try TestDatabase()
        let ledger = try house.open()
        defer { ledger.close() }
        let url = database.server.url(database: database.name)
        let ingest = PostgresIngest(ledger: ledger, url: url, log: .silent)
        try ingest.start()
        defer { ingest.stop() }
        let bell = ledger.subscribe()
        func rows() throws -> [[String?]] {
            for _ in 0..<6_000 where ingest.currentStatus.position != ledger.position.value {
                _ = bell.wait(timeoutMilliseconds: 5)
            }
            return try ["a", "b", "c"].map { handle in
                try database.row(
                    "select container_id, status, ooms, user_id, image from ledger.containers"
                        + " where handle = '\(handle)' union all select '', '', 0, '', '' limit 1")
            }
        }
        let none = ["", "", "0", "", ""]
        // Some changes meet in one transaction, some come in the next.
        for change in [
            try change(.provisioned, "a", "a1"), try change(.oom, "a", "a1"),
            try change(.provisioned, "b", "b1"),
            try change(.oom, "b", "b1"), try change(.stopped, "b", "b1"),
        ] { _ = try ledger.ask(change) }
        #expect(
            try rows() == [
                ["a1", "running", "1", "ann", "os:1"], ["b1", "stopped", "1", "ann", "os:1"], none,
            ])
        for change in [
            try change(.oom, "a", "a1"), try change(.started, "b", "b1"), try change(.oom, "b", "b1"),
            try change(.provisioned, "c", "c1"),
        ] { _ = try ledger.ask(change) }
        #expect(
            try rows() == [
                ["a1", "running", "2", "ann", "os:1"], ["b1", "running", "2", "ann", "os:1"],
                ["c1", "running", "0", "ann", "os:1"],
            ])
        for change in [
            try change(.destroyed, "a", "a1"), try change(.provisioned, "b", "b2"),
            try change(.oom, "b", "b2"),
        ] { _ = try ledger.ask(change) }
        for report in [try report("1"), try report("2", kind: .compute), try report("1")] {
            _ = try ledger.ask(report)
        }
        #expect(
            try rows() == [
                ["a1", "destroyed", "2", "ann", "os:1"], ["b2", "running", "1", "ann", "os:1"],
                ["c1", "running", "0", "ann", "os:1"],
            ])
        #expect(
            try database.row(
                "select count(*), sum(calls), trim_scale(sum(cost_usd)), sum(input_tokens), sum(cpu_ms),"
                    + " sum(memory_mib_s) from ledger.usage_hourly") == ["2", "0", "2", "5", "70", "80"])
        #expect(
            try database.row(
                "select user_id, source, provider, model, trim_scale(cost_usd), cost_state, input_tokens"
                    + " from ledger.events where type = 'usage.reported' order by position limit 1")
                == ["ann", "agent", "anthropic", "claude-x", "1", "priced", "5"])
    }
}
