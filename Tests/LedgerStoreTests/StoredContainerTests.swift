import LedgerCore
import LedgerStore
import TestSupport
import Testing

@Suite("StoredContainer")
struct StoredContainerTests {
    private static func recorded(
        _ position: Int64, _ change: ContainerChange, _ containerID: String = "c1"
    ) throws -> RecordedEvent {
        let container = ContainerIdentity(
            handle: try #require(ContainerHandle("a")), user: try #require(UserID("ann")),
            containerID: containerID, image: "i")
        return RecordedEvent(
            position: Position(position), timestamp: Timestamp(microseconds: position),
            id: UniqueID(bits: UInt128(position)),
            event: .containerChanged(ContainerChanged(container: container, change: change, reason: "r")))
    }

    private static func fold(_ events: [RecordedEvent]) throws -> StoredContainer {
        var containers: [ContainerHandle: StoredContainer] = [:]
        for event in events { StoredContainer.add(event, to: &containers) }
        #expect(containers.count == 1)
        return try #require(containers.values.first)
    }

    @Test("the last status of a batch stands, with its time; kills add up")
    func last() throws {
        let stored = try Self.fold([
            Self.recorded(1, .oom), Self.recorded(2, .stopped), Self.recorded(3, .oom),
        ])
        #expect(!stored.isNew)
        #expect(stored.ooms == 2)
        #expect(stored.status?.name == "stopped")
        #expect(stored.status?.since == Timestamp(microseconds: 2))
    }

    @Test("kills alone leave the status as it is stored")
    func kills() throws {
        let stored = try Self.fold([Self.recorded(1, .oom)])
        #expect(stored.status == nil)
        #expect(stored.ooms == 1)
    }

    @Test("a container that is provisioned in the batch begins anew")
    func anew() throws {
        let stored = try Self.fold([
            Self.recorded(1, .oom), Self.recorded(2, .destroyed), Self.recorded(3, .provisioned, "c2"),
            Self.recorded(4, .oom, "c2"),
        ])
        #expect(stored.isNew)
        #expect(stored.ooms == 1)
        #expect(stored.status?.name == "running")
        #expect(stored.container.containerID == "c2")
    }

    @Test("a snapshot reads the rows back, and a batch that is stored twice counts once")
    func readBack() throws {
        let database = try TestDatabase()
        let store = try LedgerStore.open(url: database.server.url(database: database.name), origin: "o")
        let journal = SampleJournal(origin: "o")
        _ = try store.resume(journalEnd: Position(1), chainAt: journal.chain(at:))
        let stored = try Self.fold([Self.recorded(1, .provisioned), Self.recorded(2, .oom)])
        let sample = journal.batch(1...2)
        let batch = IngestBatch(
            after: sample.after, events: sample.events, sums: sample.sums,
            containers: [stored.container.handle: stored])
        try store.ingest(batch)
        try store.ingest(batch)
        #expect(
            try store.snapshot().containers == [
                StoredContainerRow(container: stored.container, status: "running", ooms: 1)
            ])
    }
}
