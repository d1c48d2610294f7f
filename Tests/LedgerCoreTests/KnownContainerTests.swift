import LedgerCore
import Testing

@Suite("KnownContainer")
struct KnownContainerTests {
    private static func change(
        _ change: ContainerChange, _ containerID: String = "c1", handle: String = "alice"
    ) throws -> Command {
        .changeContainer(
            ContainerChanged(
                container: try Examples.container(containerID, handle: handle), change: change,
                reason: "request"))
    }

    private static let handle = ContainerHandle("alice")

    @Test("each change is recorded once; what is so already is not")
    func idempotent() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let changes: [ContainerChange] = [
            .provisioned, .provisioned, .started, .stopped, .stopped, .provisioned, .started, .started,
            .destroyed, .destroyed, .provisioned,
        ]
        for change in changes { try ledger.run(try Self.change(change)) }
        #expect(
            ledger.events.map(\.event.type) == [
                .containerProvisioned, .containerStopped, .containerStarted, .containerDestroyed,
                .containerProvisioned,
            ])
        let handle = try #require(Self.handle)
        let known = try #require(ledger.state.containers[handle])
        #expect(known.isRunning)
        #expect(known.changedAt == ledger.now)
    }

    @Test("each kill for want of memory counts, running or not, until the container is another one")
    func ooms() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let handle = try #require(Self.handle)
        for change in [.provisioned, .oom, .oom, .stopped, .oom] as [ContainerChange] {
            try ledger.run(try Self.change(change))
        }
        #expect(ledger.state.containers[handle]?.ooms == 3)
        #expect(ledger.state.containers[handle]?.isRunning == false)
        try ledger.run(try Self.change(.provisioned, "c2"))
        #expect(ledger.state.containers[handle]?.ooms == 0)
        #expect(ledger.state.containers[handle]?.container.containerID == "c2")
        #expect(ledger.state.containers[handle]?.isRunning == true)
    }

    @Test("what is not there changes not; to destroy it is nothing")
    func unknown() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let handle = try #require(Self.handle)
        for change in [.started, .stopped, .oom] as [ContainerChange] {
            #expect(ledger.rejection(of: try Self.change(change)) == .noContainer(handle))
        }
        try ledger.run(try Self.change(.destroyed))
        #expect(ledger.events.isEmpty)
        try ledger.run(try Self.change(.provisioned, "c2"))
        for change in [.started, .stopped, .oom, .destroyed] as [ContainerChange] {
            #expect(ledger.rejection(of: try Self.change(change, "c1")) == .noContainer(handle))
        }
    }

    @Test("an event names the container as it was provisioned")
    func identity() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        try ledger.run(try Self.change(.provisioned))
        let known = try Examples.container("c1")
        let other = ContainerIdentity(
            handle: known.handle, user: try user("bob"), containerID: "c1", image: "another")
        let change = ContainerChanged(
            container: other, change: .stopped, reason: "exit", exitCode: 1, durationMilliseconds: 2,
            memoryLimitBytes: 3, cpuLimitMillicores: 4)
        try ledger.run(.changeContainer(change))
        #expect(
            ledger.last
                == .containerChanged(
                    ContainerChanged(
                        container: known, change: .stopped, reason: "exit", exitCode: 1,
                        durationMilliseconds: 2, memoryLimitBytes: 3, cpuLimitMillicores: 4)))
        #expect(ledger.last?.user == known.user)
    }

    @Test("a negative figure is refused")
    func negative() throws {
        let ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let container = try Examples.container()
        for change in [
            ContainerChanged(container: container, change: .provisioned, reason: "r", exitCode: -1),
            ContainerChanged(
                container: container, change: .provisioned, reason: "r", durationMilliseconds: -1),
            ContainerChanged(container: container, change: .provisioned, reason: "r", memoryLimitBytes: -1),
            ContainerChanged(container: container, change: .provisioned, reason: "r", cpuLimitMillicores: -1),
        ] {
            #expect(ledger.rejection(of: .changeContainer(change)) == .negative)
        }
    }

    @Test("there are no more than may be; one that is there may still change")
    func bounded() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        for number in 0..<LedgerState.containersMax {
            try ledger.run(try Self.change(.provisioned, handle: "h\(number)"))
        }
        #expect(ledger.rejection(of: try Self.change(.provisioned)) == .tooMany)
        try ledger.run(try Self.change(.provisioned, "c2", handle: "h0"))
        try ledger.run(try Self.change(.destroyed, handle: "h1"))
        try ledger.run(try Self.change(.provisioned))
        #expect(ledger.state.containers.count == LedgerState.containersMax)
    }

    @Test(
        "a handle is a name that fits a host, a path and a label",
        arguments: [
            ("a", true), ("alice-1", true), ("0", true), (String(repeating: "a", count: 32), true),
            (String(repeating: "a", count: 33), false), ("", false), ("-a", false), ("a-", false),
            ("A", false), ("a.b", false), ("a_b", false), ("é", false), ("a b", false), ("a/b", false),
        ])
    func handles(_ text: String, _ isHandle: Bool) {
        #expect((ContainerHandle(text) != nil) == isHandle)
    }
}
