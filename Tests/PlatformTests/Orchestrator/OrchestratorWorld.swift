import LedgerCore
import Logging
import Metrics
import Testing

@testable import Platform

/// An orchestrator between an engine in memory and the ledger's own rules, in time that the test moves.
final class OrchestratorWorld {
    let set = MetricSet()
    private(set) lazy var engine = ScriptedEngine { [unowned self] in answers.append($0) }
    private(set) lazy var orchestrator = makeOrchestrator()
    private(set) var state = LedgerState()
    /// Everything that was recorded.
    private(set) var events: [ContainerChanged] = []
    /// While it is set nothing can be recorded.
    var isJournalBroken = false
    var configuration = OrchestratorConfiguration(
        origin: "here", image: "agent:1", proxyURL: "http://proxy:8080",
        keySecret: Array("a secret of the tests, 32 bytes long".utf8))
    private var nowMilliseconds: UInt64 = 1_000
    private var answers: [() -> Void] = []
    private var alarms: [(due: UInt64, id: Int, body: () -> Void)] = []
    private var alarmsMade = 0
    private let logged: KeptLog

    init(_ change: (inout OrchestratorConfiguration) -> Void = { _ in }) {
        logged = KeptLog()
        change(&configuration)
    }

    /// Has the containers counted when the set is scraped.
    func count() { PlatformMetrics(set).count(set, of: orchestrator) }

    /// What was logged.
    var log: [String] { logged.lines }

    /// Dies at this moment, and comes back; nothing that was under way goes on.
    func kill() {
        answers = []
        alarms = []
        engine.forgetCalls()
        orchestrator = makeOrchestrator()
    }

    private func makeOrchestrator() -> Orchestrator {
        Orchestrator(
            engine: engine,
            journal: ContainerJournal(
                records: { [unowned self] in
                    state.containers.mapValues {
                        ContainerRecord(
                            container: $0.container, isRunning: $0.isRunning, ooms: $0.ooms,
                            changedAt: $0.changedAt)
                    }
                },
                record: { [unowned self] handle in
                    state.containers[handle].map {
                        ContainerRecord(
                            container: $0.container, isRunning: $0.isRunning, ooms: $0.ooms,
                            changedAt: $0.changedAt)
                    }
                },
                append: { [unowned self] change, then in
                    let result = append(change)
                    answers.append { then(result) }
                }),
            scheduler: Scheduler(
                nowMilliseconds: { [unowned self] in nowMilliseconds },
                after: { [unowned self] milliseconds, body in
                    alarmsMade += 1
                    let id = alarmsMade
                    alarms.append((nowMilliseconds + milliseconds, id, body))
                    return { [unowned self] in alarms.removeAll { $0.id == id } }
                }),
            configuration: configuration, metrics: PlatformMetrics(set), log: logged.logger)
    }

    private func append(_ change: ContainerChanged) -> Result<Void, ContainerRefused> {
        if isJournalBroken { return .failure(.ledgerUnavailable) }
        do throws(Rejection) {
            let now = Timestamp(microseconds: Int64(nowMilliseconds) * 1_000)
            for event in try state.decide(.changeContainer(change), at: now) {
                let position = Position(Int64(events.count) + 1)
                state.evolve(
                    RecordedEvent(
                        position: position, timestamp: now, id: UniqueID(bits: 1), event: event))
                if case .containerChanged(let change) = event { events.append(change) }
            }
            return .success(())
        } catch { return .failure(.unknown) }
    }

    // Time

    /// Gives one answer; false: there is none.
    @discardableResult
    func step(_ at: Int = 0) -> Bool {
        guard !answers.isEmpty else { return false }
        answers.remove(at: at % answers.count)()
        return true
    }

    /// Lets `milliseconds` pass, and gives every answer at once.
    func run(milliseconds: UInt64 = 0) {
        let end = nowMilliseconds + milliseconds
        var left = 100_000
        while left > 0 {
            left -= 1
            if step() { continue }
            guard let next = alarms.min(by: { ($0.due, $0.id) < ($1.due, $1.id) }), next.due <= end else {
                break
            }
            alarms.removeAll { $0.id == next.id }
            nowMilliseconds = max(nowMilliseconds, next.due)
            next.body()
        }
        #expect(left > 0, "the orchestrator does not come to rest")
        nowMilliseconds = end
    }

    /// The next alarm goes off, or the next answer is given.
    func advance() {
        if step() { return }
        guard let next = alarms.min(by: { ($0.due, $0.id) < ($1.due, $1.id) }) else { return }
        alarms.removeAll { $0.id == next.id }
        nowMilliseconds = max(nowMilliseconds, next.due)
        next.body()
    }

    // What a test asks

    static func handle(_ text: String) throws -> ContainerHandle { try #require(ContainerHandle(text)) }

    /// Provisions; the outcome is there once it has run.
    func provision(_ text: String = "ann") throws -> Outcome<(record: ContainerRecord, isNew: Bool)> {
        let outcome = Outcome<(record: ContainerRecord, isNew: Bool)>()
        orchestrator.provision(try Self.handle(text)) { outcome.told.append($0) }
        return outcome
    }

    func start(_ text: String = "ann") throws -> Outcome<ContainerRecord> {
        let outcome = Outcome<ContainerRecord>()
        orchestrator.start(try Self.handle(text)) { outcome.told.append($0) }
        return outcome
    }

    func stop(_ text: String = "ann") throws -> Outcome<ContainerRecord> {
        let outcome = Outcome<ContainerRecord>()
        orchestrator.stop(try Self.handle(text)) { outcome.told.append($0) }
        return outcome
    }

    func destroy(_ text: String = "ann") throws -> Outcome<Void> {
        let outcome = Outcome<Void>()
        orchestrator.destroy(try Self.handle(text)) { outcome.told.append($0) }
        return outcome
    }

    /// The events as `provisioned request`, in order.
    var told: [String] { events.map { "\($0.change.rawValue) \($0.reason)" } }

    /// Tells what the engine tells.
    func tell(_ action: EngineEvent.Action, _ id: String, exitCode: Int64? = nil) {
        orchestrator.onEngineEvent(
            EngineEvent(
                id: id, action: action, exitCode: exitCode,
                labels: engine.containers[id]?.labels ?? Self.labels("ann")))
    }

    static func labels(_ handle: String, origin: String = "here") -> [String: String] {
        [
            OrchestratorConfiguration.handleLabel: handle, OrchestratorConfiguration.originLabel: origin,
        ]
    }

    /// What the ledger and the engine do not agree on.
    var disagreements: [String] {
        var found: [String] = []
        var byHandle: [String: Int] = [:]
        for container in engine.containers.values {
            let handle = container.labels[OrchestratorConfiguration.handleLabel] ?? "?"
            byHandle[handle, default: 0] += 1
            guard let known = ContainerHandle(handle).flatMap({ state.containers[$0] }),
                known.container.containerID == container.id
            else {
                found.append("orphan \(container)")
                continue
            }
            if known.isRunning != container.isUp { found.append("\(handle): \(container.state)") }
        }
        for (handle, known) in state.containers
        where engine.containers[known.container.containerID] == nil {
            found.append("\(handle.text) is gone")
        }
        found += byHandle.filter { $0.value > 1 }.map { "double \($0.key)" }
        return found
    }
}

/// What an operation has told.
final class Outcome<Value> {
    var told: [Result<Value, ContainerRefused>] = []

    /// The value, told once.
    func value() throws -> Value {
        #expect(told.count == 1)
        return try #require(told.first).get()
    }

    /// The refusal, told once.
    var refused: ContainerRefused? {
        #expect(told.count == 1)
        if case .failure(let refused) = told.first { return refused }
        return nil
    }
}
