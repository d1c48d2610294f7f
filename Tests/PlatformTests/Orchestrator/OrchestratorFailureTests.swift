import LedgerCore
import Testing

@testable import Platform

/// What is left when a step fails, or the process dies between two.
@Suite("Orchestrator, failing")
struct OrchestratorFailureTests {
    struct Broken: Sendable {
        let call: ScriptedEngine.Call
        let error: EngineError
        let isDone: Bool
        /// How many calls of the kind go well before.
        var after = 0
    }

    static let broken: [Broken] = [.create, .start, .inspect].flatMap { (call: ScriptedEngine.Call) in
        [EngineError.timedOut, .unreachable("reset"), .refused(status: 500, message: "no space")].flatMap {
            error in [false, true].map { Broken(call: call, error: error, isDone: $0) }
        }
    }

    @Test(
        "A provision that fails leaves nothing, whatever step it was, and the next one succeeds",
        arguments: broken)
    func eachStep(_ broken: Broken) throws {
        let world = OrchestratorWorld()
        world.orchestrator.start()
        world.run()
        world.engine.failures[broken.call] = [.init(error: broken.error, isDone: broken.isDone)]
        let outcome = try world.provision()
        world.run(milliseconds: 500)
        #expect(outcome.refused == ContainerRefused(broken.error))
        #expect(world.events.isEmpty)
        world.run(milliseconds: 5_000)
        #expect(world.engine.containers.isEmpty)
        let next = try world.provision()
        world.run(milliseconds: 500)
        #expect(try next.value().isNew)
        #expect(world.disagreements == [])
    }

    @Test("What could not be recorded is removed")
    func journal() throws {
        let world = OrchestratorWorld()
        world.isJournalBroken = true
        let outcome = try world.provision()
        world.run(milliseconds: 500)
        #expect(outcome.refused == .ledgerUnavailable)
        #expect(world.engine.containers.isEmpty)
    }

    @Test("What could not be removed is removed later, also when it runs by then")
    func removal() throws {
        let world = OrchestratorWorld()
        world.engine.health = .unhealthy
        world.engine.failures[.remove] = [
            .init(error: .unreachable("reset")), .init(error: .timedOut), .init(error: .timedOut),
        ]
        let outcome = try world.provision()
        world.run()
        #expect(outcome.refused == .unhealthy)
        #expect(world.engine.containers.count == 1)
        world.engine.containers["id-1"]?.health = .healthy
        world.run(milliseconds: 200_000)
        #expect(world.engine.containers.isEmpty && world.events.isEmpty)
    }

    @Test("An engine that is gone is said once, and what is asked meanwhile changes nothing")
    func gone() throws {
        let world = OrchestratorWorld()
        world.engine.outage = .unreachable("connection refused")
        world.orchestrator.start()
        world.run(milliseconds: 300_000)
        #expect(world.log.count { $0.contains("cannot be reached") } == 1)
        #expect(world.orchestrator.isEngineReachable == false)
        let outcomes = (try world.provision(), try world.destroy())
        world.run()
        #expect(outcomes.0.refused == .engineUnreachable("connection refused"))
        #expect(outcomes.1.refused == .engineUnreachable("connection refused"))
        world.engine.outage = nil
        world.run(milliseconds: 31_000)
        #expect(world.orchestrator.isEngineReachable == true)
        let next = try world.provision()
        world.run(milliseconds: 500)
        #expect(try next.value().isNew)
        #expect(world.log.count { $0.contains("is back") } == 1)
    }

    @Test("Killed anywhere in a provision and started again, there is no orphan and no double")
    func killed() throws {
        var isWhole = false
        var moment = 0
        while !isWhole {
            let world = OrchestratorWorld()
            let outcome = try world.provision()
            for _ in 0..<moment { world.advance() }
            isWhole = !outcome.told.isEmpty
            world.kill()
            world.orchestrator.start()
            world.run(milliseconds: 70_000)
            #expect(world.disagreements == [], "killed after \(moment) steps")
            #expect(world.engine.containers.count <= 1)
            let next = try world.provision()
            world.run(milliseconds: 70_000)
            #expect(try next.value().record.isRunning)
            #expect(world.engine.containers.count == 1 && world.disagreements == [])
            moment += 1
        }
        #expect(moment > 5)
    }

    @Test("Killed in a stop, a start or a destroy, the next one finds out what happened")
    func killedElsewhere() throws {
        for operation in ["stop", "start", "destroy"] {
            for moment in 0..<8 {
                let world = OrchestratorWorld()
                _ = try world.provision()
                world.run(milliseconds: 500)
                if operation == "start" {
                    _ = try world.stop()
                    world.run()
                }
                switch operation {
                case "stop": _ = try world.stop()
                case "start": _ = try world.start()
                default: _ = try world.destroy()
                }
                for _ in 0..<moment { world.advance() }
                world.kill()
                world.orchestrator.start()
                world.run(milliseconds: 70_000)
                #expect(world.disagreements == [], "\(operation) killed after \(moment) steps")
            }
        }
    }

    @Test("Whatever is asked, fails, dies and happens outside: in the end both agree", arguments: 0..<60)
    func random(_ seed: Int) throws {
        var random = SeededRandom(UInt64(seed) &* 7_919 &+ 1)
        let world = OrchestratorWorld()
        world.orchestrator.start()
        let handles = ["ann", "bob", "cy"]
        for _ in 0..<120 {
            let handle = handles[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1: _ = try world.provision(handle)
            case 2: _ = try world.stop(handle)
            case 3: _ = try world.start(handle)
            case 4: _ = try world.destroy(handle)
            case 5:
                let call = ScriptedEngine.Call.allCases.randomElement(using: &random) ?? .list
                let error =
                    [EngineError.timedOut, .unreachable("x"), .refused(status: 500, message: "x")]
                    .randomElement(using: &random) ?? .timedOut
                world.engine.failures[call, default: []].append(
                    .init(error: error, isDone: Bool.random(using: &random)))
            case 6: world.kill(); world.orchestrator.start()
            case 7:
                if let id = world.engine.containers.keys.sorted().randomElement(using: &random) {
                    world.engine.end(id, exitCode: 1)
                    if Bool.random(using: &random) { world.tell(.die, id, exitCode: 1) }
                }
            case 8:
                if let id = world.engine.containers.keys.sorted().randomElement(using: &random) {
                    world.engine.containers[id] = nil
                }
            case 9: world.isJournalBroken.toggle()
            case 10: world.run(milliseconds: UInt64.random(in: 0..<3_000, using: &random))
            default:
                for _ in 0..<Int.random(in: 0..<6, using: &random) {
                    world.step(Int.random(in: 0..<9, using: &random))
                }
            }
            #expect(world.engine.openMax <= 8 + 1)
        }
        world.engine.failures = [:]
        world.isJournalBroken = false
        world.run(milliseconds: 200_000)
        #expect(world.disagreements == [], "seed \(seed): \(world.engine.calls.suffix(20))")
    }
}

/// A small generator whose numbers follow from its seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
