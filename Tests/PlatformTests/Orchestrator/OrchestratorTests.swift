import Access
import LedgerCore
import Testing

@testable import Platform

@Suite("Orchestrator")
struct OrchestratorTests {
    @Test("A container is created, started, waited for and recorded")
    func provision() throws {
        let world = OrchestratorWorld {
            $0.command = ["sleep", "1000"]
            $0.network = "none"
            $0.memoryLimitBytes = 512 << 20
            $0.cpuLimitMillicores = 500
        }
        let outcome = try world.provision()
        world.run(milliseconds: 499)
        #expect(outcome.told.isEmpty)
        world.run(milliseconds: 1)
        let (record, isNew) = try outcome.value()
        #expect(isNew && record.isRunning && record.container.containerID == "id-1")
        #expect(record.container.user == UserID("ann"))
        #expect(world.told == ["provisioned request"])
        let event = try #require(world.events.first)
        #expect(event.durationMilliseconds == 500 && event.memoryLimitBytes == 512 << 20)
        #expect(event.cpuLimitMillicores == 500)
        let spec = try #require(world.engine.specifications.first)
        let key = try #require(spec.environment["ANTHROPIC_API_KEY"])
        #expect(ProxyKey.user(of: key, secret: world.configuration.keySecret) == UserID("ann"))
        #expect(
            spec
                == ContainerSpec(
                    name: "matrixos-ann", image: "agent:1", command: ["sleep", "1000"],
                    environment: [
                        "ANTHROPIC_API_KEY": key, "OPENAI_API_KEY": key,
                        "ANTHROPIC_BASE_URL": "http://proxy:8080", "OPENAI_BASE_URL": "http://proxy:8080/v1",
                        "DISPATCH_USER": "ann",
                    ], labels: OrchestratorWorld.labels("ann"), network: "none",
                    memoryLimitBytes: 512 << 20, cpuLimitMillicores: 500, pidsMax: 512))
        #expect(world.disagreements == [])
    }

    @Test("A container with a health check is waited for until it is healthy")
    func health() throws {
        let world = OrchestratorWorld()
        world.engine.health = .starting
        let outcome = try world.provision()
        world.run(milliseconds: 30_000)
        #expect(outcome.told.isEmpty && world.events.isEmpty)
        world.engine.containers["id-1"]?.health = .healthy
        world.run(milliseconds: 250)
        #expect(try outcome.value().isNew)
    }

    @Test("A container that is not healthy in time, or says that it is not, is removed")
    func unhealthy() throws {
        let world = OrchestratorWorld()
        world.engine.health = .starting
        let late = try world.provision()
        world.run(milliseconds: 59_999)
        #expect(late.told.isEmpty)
        world.run(milliseconds: 500)
        #expect(late.refused == .notHealthyInTime)
        world.engine.health = .unhealthy
        let sick = try world.provision()
        world.run()
        #expect(sick.refused == .unhealthy)
        #expect(world.engine.containers.isEmpty && world.events.isEmpty)
    }

    @Test("A container that ends at once is removed, and its status told")
    func exits() throws {
        let world = OrchestratorWorld()
        world.engine.exitCode = 127
        let outcome = try world.provision()
        world.run()
        #expect(outcome.refused == .exited(code: 127, isOOMKilled: false))
        #expect(world.engine.containers.isEmpty && world.events.isEmpty)
    }

    @Test("Whoever provisions what runs gets what is there; what is stopped is started")
    func again() throws {
        let world = OrchestratorWorld()
        _ = try world.provision()
        world.run(milliseconds: 500)
        let running = try world.provision()
        world.run()
        #expect(try running.value().isNew == false)
        let stopped = try world.stop()
        world.run()
        #expect(try stopped.value().isRunning == false)
        let started = try world.provision()
        world.run(milliseconds: 500)
        #expect(try started.value().isNew == false)
        #expect(try started.value().record.isRunning)
        #expect(world.told == ["provisioned request", "stopped request", "started request"])
        #expect(world.events[1].exitCode == 143)
        #expect(world.engine.containers.count == 1)
    }

    @Test("Two that provision one handle at once get one container")
    func atOnce() throws {
        let world = OrchestratorWorld()
        let first = try world.provision()
        let second = try world.provision()
        world.run(milliseconds: 500)
        #expect(try first.value().isNew)
        #expect(try second.value().isNew == false)
        #expect(world.engine.calls.count { $0.hasPrefix("create") } == 1)
        #expect(world.told == ["provisioned request"])
    }

    @Test("A stop that comes in mid-provision waits for its turn")
    func stopInMidProvision() throws {
        let world = OrchestratorWorld()
        let made = try world.provision()
        world.step()
        let stopped = try world.stop()
        let gone = try world.destroy()
        world.run(milliseconds: 500)
        #expect(try made.value().isNew)
        #expect(try stopped.value().isRunning == false)
        try gone.value()
        #expect(world.told == ["provisioned request", "stopped request", "destroyed request"])
        #expect(world.engine.containers.isEmpty)
    }

    @Test("Eight wait for one container, the next is refused; eight are at the engine at once")
    func bounds() throws {
        let world = OrchestratorWorld()
        let mine = try (0..<10).map { _ in try world.provision() }
        #expect(mine[9].refused == .handleBusy)
        let others = try (0..<20).map { try world.provision("user-\($0)") }
        world.run(milliseconds: 5_000)
        for outcome in mine.dropLast() + others { _ = try outcome.value() }
        #expect(world.engine.openMax <= 8)
        #expect(world.engine.containers.count == 21)
    }

    @Test("Starting what runs and stopping what is stopped is fine; what is not known is not there")
    func idempotent() throws {
        let world = OrchestratorWorld()
        let unknown = (try world.start(), try world.stop(), try world.destroy())
        world.run()
        #expect(unknown.0.refused == .unknown && unknown.1.refused == .unknown)
        #expect(unknown.2.refused == .unknown)
        _ = try world.provision()
        world.run(milliseconds: 500)
        let start = try world.start()
        world.run()
        #expect(try start.value().isRunning)
        for _ in 0..<2 {
            let stop = try world.stop()
            world.run()
            #expect(try stop.value().isRunning == false)
        }
        #expect(world.told == ["provisioned request", "stopped request"])
    }

    @Test("Without an image nothing is provisioned; a missing one is named")
    func image() throws {
        let none = OrchestratorWorld { $0.image = nil }
        let refused = try none.provision()
        none.run()
        #expect(refused.refused == .noImage && none.engine.calls.isEmpty)
        let world = OrchestratorWorld()
        world.engine.failures[.create] = [.init(error: .notFound("No such image: agent:1"))]
        let missing = try world.provision()
        world.run()
        #expect(missing.refused == .imageMissing("agent:1"))
    }

    @Test("A name that somebody else's container has is not touched")
    func nameTaken() throws {
        let world = OrchestratorWorld()
        world.engine.containers["theirs"] = EngineContainer(
            id: "theirs", name: "matrixos-ann", image: "x", state: .created)
        let outcome = try world.provision()
        let destroyed = try world.destroy()
        world.run(milliseconds: 120_000)
        #expect(outcome.refused == .nameTaken("matrixos-ann"))
        #expect(destroyed.refused == .unknown)
        #expect(world.engine.containers.count == 1)
    }

    @Test("When it stops, what waits is refused, what is under way ends, and only then is it told")
    func shutdown() throws {
        let world = OrchestratorWorld()
        world.engine.health = .starting
        let underWay = try world.provision()
        let waiting = try world.stop()
        world.run(milliseconds: 1_000)
        var isStopped = false
        world.orchestrator.stop { isStopped = true }
        #expect(waiting.refused == .stopping)
        #expect(!isStopped)
        world.run(milliseconds: 1_000)
        #expect(underWay.refused == .stopping)
        #expect(isStopped && world.engine.containers.isEmpty)
        #expect(try world.provision().refused == .stopping)
    }
}
