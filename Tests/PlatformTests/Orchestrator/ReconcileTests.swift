import LedgerCore
import Testing

@testable import Platform

/// What the engine has, against what the ledger knows.
@Suite("Orchestrator, reconciling")
struct ReconcileTests {
    private func provisioned() throws -> OrchestratorWorld {
        let world = OrchestratorWorld()
        world.orchestrator.start()
        _ = try world.provision()
        world.run(milliseconds: 500)
        return world
    }

    private static func container(
        _ state: EngineContainer.State, health: EngineContainer.Health = .none, origin: String = "here"
    ) -> EngineContainer {
        EngineContainer(
            id: "found", name: "matrixos-ann", image: "agent:1",
            labels: OrchestratorWorld.labels("ann", origin: origin), state: state, health: health)
    }

    struct Found: Sendable {
        let state: EngineContainer.State
        var health = EngineContainer.Health.none
        let told: [String]
        let isKept: Bool
    }

    static let unknown: [Found] = [
        Found(state: .created, told: [], isKept: false),
        Found(state: .dead, told: [], isKept: false),
        Found(state: .running, told: ["provisioned reconcile"], isKept: true),
        Found(state: .running, health: .healthy, told: ["provisioned reconcile"], isKept: true),
        Found(state: .running, health: .unhealthy, told: ["provisioned reconcile"], isKept: true),
        Found(state: .running, health: .starting, told: [], isKept: true),
        Found(state: .exited, told: ["provisioned reconcile", "stopped reconcile"], isKept: true),
    ]

    @Test("What the ledger does not know is adopted, waited for or removed", arguments: unknown)
    func adopts(_ found: Found) {
        let world = OrchestratorWorld()
        world.engine.containers["found"] = Self.container(found.state, health: found.health)
        world.orchestrator.start()
        world.run()
        #expect(world.told == found.told)
        #expect((world.engine.containers["found"] != nil) == found.isKept)
    }

    @Test("One that becomes healthy after all is adopted then")
    func adoptsLater() {
        let world = OrchestratorWorld()
        world.engine.containers["found"] = Self.container(.running, health: .starting)
        world.orchestrator.start()
        world.run(milliseconds: 3_000)
        #expect(world.told == [])
        world.engine.containers["found"]?.health = .healthy
        world.run(milliseconds: 1_000)
        #expect(world.told == ["provisioned reconcile"])
    }

    @Test("Another ledger's container is not touched")
    func foreign() {
        let world = OrchestratorWorld()
        world.engine.containers["found"] = Self.container(.created, origin: "there")
        world.orchestrator.start()
        world.run(milliseconds: 130_000)
        #expect(world.told == [] && world.engine.containers.count == 1)
    }

    @Test("What is gone, stopped or started behind our back is recorded within a minute")
    func differences() throws {
        let world = try provisioned()
        world.engine.end("id-1", exitCode: 3)
        world.run(milliseconds: 60_000)
        #expect(world.told.last == "stopped reconcile" && world.events.last?.exitCode == 3)
        world.engine.containers["id-1"]?.state = .running
        world.run(milliseconds: 60_000)
        #expect(world.told.last == "started reconcile")
        world.engine.containers["id-1"] = nil
        world.run(milliseconds: 60_000)
        #expect(world.told.last == "destroyed reconcile")
        #expect(world.events.count == 4 && world.disagreements == [])
    }

    @Test("A container that was removed and made again by hand is another one")
    func replaced() throws {
        let world = try provisioned()
        world.engine.containers["id-1"] = nil
        world.engine.containers["found"] = Self.container(.running)
        world.run(milliseconds: 125_000)
        #expect(world.told == ["provisioned request", "destroyed reconcile", "provisioned reconcile"])
        #expect(world.disagreements == [])
    }

    @Test("A second container of one handle is left alone, and said once")
    func double() throws {
        let world = try provisioned()
        var other = Self.container(.running)
        other.name = "by-hand"
        world.engine.containers["found"] = other
        world.run(milliseconds: 200_000)
        #expect(world.told == ["provisioned request"])
        #expect(world.log.count { $0.contains("left alone") } == 1)
        #expect(world.engine.containers.count == 2)
    }

    @Test("What the engine tells is recorded at once: an end, its want of memory, a start, a removal")
    func events() throws {
        let world = try provisioned()
        world.engine.end("id-1", exitCode: 137, isOOMKilled: true)
        world.tell(.oom, "id-1")
        world.tell(.die, "id-1", exitCode: 137)
        world.run()
        #expect(world.told.suffix(2) == ["oom exit", "stopped exit"])
        #expect(world.events.last?.exitCode == 137)
        #expect(world.orchestrator.record(of: try OrchestratorWorld.handle("ann"))?.ooms == 1)
        world.engine.containers["id-1"]?.state = .running
        world.tell(.start, "id-1")
        world.run()
        #expect(world.told.last == "started outside")
        let labels = world.engine.containers.removeValue(forKey: "id-1")?.labels
        #expect(labels == OrchestratorWorld.labels("ann"))
        world.tell(.destroy, "id-1")
        world.run()
        #expect(world.told.last == "destroyed outside")
        #expect(world.events.count == 5)
    }

    @Test("An end for want of memory that nobody told is found with the end")
    func missedOOM() throws {
        let world = try provisioned()
        world.engine.end("id-1", exitCode: 137, isOOMKilled: true)
        world.run(milliseconds: 60_000)
        #expect(world.told.suffix(2) == ["oom reconcile", "stopped reconcile"])
        world.run(milliseconds: 120_000)
        #expect(world.events.count == 3)
    }

    @Test("What the engine tells of our own operation is not recorded twice")
    func ownEvents() throws {
        let world = try provisioned()
        let stop = try world.stop()
        world.tell(.die, "id-1", exitCode: 143)
        world.run(milliseconds: 1_000)
        #expect(try stop.value().isRunning == false)
        world.tell(.die, "id-1", exitCode: 143)
        world.run(milliseconds: 1_000)
        #expect(world.told == ["provisioned request", "stopped request"])
        let again = try world.start()
        // The end from before, told late.
        world.tell(.die, "id-1", exitCode: 143)
        world.run(milliseconds: 1_000)
        world.tell(.die, "id-1", exitCode: 143)
        world.run(milliseconds: 1_000)
        #expect(try again.value().isRunning)
        #expect(world.told.last == "started request" && world.disagreements == [])
    }

    @Test("A change that could not be recorded is recorded once the journal is back")
    func journalBack() throws {
        let world = try provisioned()
        world.isJournalBroken = true
        let stop = try world.stop()
        world.run(milliseconds: 1_000)
        #expect(stop.refused == .ledgerUnavailable)
        world.isJournalBroken = false
        world.run(milliseconds: 120_000)
        #expect(world.told.last == "stopped reconcile" && world.disagreements == [])
    }
}
