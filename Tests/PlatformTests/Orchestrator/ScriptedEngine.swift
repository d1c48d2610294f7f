import LedgerCore

@testable import Platform

/// An engine in memory: what is asked happens at once, the answer comes when the test lets it.
///
/// Each kind of call can be made to fail, before it has done anything or after it has done all.
final class ScriptedEngine: ContainerEngine {
    enum Call: String, CaseIterable, Sendable { case create, start, stop, remove, inspect, list }

    struct Failure {
        let error: EngineError
        /// Whether it was done all the same.
        var isDone = false
    }

    var containers: [String: EngineContainer] = [:]
    /// The next calls of a kind fail so, one after another.
    var failures: [Call: [Failure]] = [:]
    /// While it is set every call fails so.
    var outage: EngineError?
    /// What a health check says of containers once they are started.
    var health = EngineContainer.Health.none
    /// Containers end with this status as soon as they are started.
    var exitCode: Int64?
    /// What was asked, in order.
    var calls: [String] = []
    /// Specifications of what was created.
    var specifications: [ContainerSpec] = []
    private(set) var listeners: [Listener] = []
    /// The most calls that were unanswered at once.
    private(set) var openMax = 0
    private var open = 0
    private var made = 0
    private let answer: (@escaping () -> Void) -> Void

    final class Listener: EngineSubscription {
        let onEvent: (EngineEvent) -> Void
        let onEnd: (EngineError?) -> Void
        private(set) var isCancelled = false

        init(_ onEvent: @escaping (EngineEvent) -> Void, _ onEnd: @escaping (EngineError?) -> Void) {
            self.onEvent = onEvent
            self.onEnd = onEnd
        }

        func cancel() { isCancelled = true }
    }

    init(answer: @escaping (@escaping () -> Void) -> Void) { self.answer = answer }

    func create(_ spec: ContainerSpec, then: @escaping (Result<String, EngineError>) -> Void) {
        call(.create, spec.name, then) { [self] in
            guard !containers.values.contains(where: { $0.name == spec.name }) else {
                return .failure(.conflict("the name is in use"))
            }
            made += 1
            let id = "id-\(made)"
            specifications.append(spec)
            containers[id] = EngineContainer(
                id: id, name: spec.name, image: spec.image, labels: spec.labels, state: .created)
            return .success(id)
        }
    }

    func start(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) {
        call(.start, id, then) { [self] in
            guard let container = containers[id] else { return .failure(.notFound("no container \(id)")) }
            guard container.state != .running else { return .success(()) }
            containers[id]?.state = exitCode == nil ? .running : .exited
            containers[id]?.exitCode = exitCode
            containers[id]?.health = health
            containers[id]?.isOOMKilled = false
            return .success(())
        }
    }

    func stop(_ id: String, graceSeconds: Int, then: @escaping (Result<Void, EngineError>) -> Void) {
        call(.stop, id, then) { [self] in
            guard containers[id] != nil else { return .failure(.notFound("no container \(id)")) }
            end(id, exitCode: 143)
            return .success(())
        }
    }

    func remove(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) {
        call(.remove, id, then) { [self] in
            containers[id] = nil
            return .success(())
        }
    }

    func inspect(_ id: String, then: @escaping (Result<EngineContainer, EngineError>) -> Void) {
        call(.inspect, id, then) { [self] in
            guard let found = containers[id] ?? containers.values.first(where: { $0.name == id }) else {
                return .failure(.notFound("no container \(id)"))
            }
            return .success(found)
        }
    }

    func list(label: String, then: @escaping (Result<[EngineContainer], EngineError>) -> Void) {
        call(.list, label, then) { [self] in
            let parts = label.split(separator: "=").map(String.init)
            return .success(
                containers.values.filter { $0.labels[parts[0]] == parts[1] }.sorted { $0.id < $1.id })
        }
    }

    func stats(_ id: String, then: @escaping (Result<StatsSample, EngineError>) -> Void) {
        answer { then(.failure(.notRunning)) }
    }

    func events(
        label: String, onEvent: @escaping (EngineEvent) -> Void, onEnd: @escaping (EngineError?) -> Void
    ) -> any EngineSubscription {
        let listener = Listener(onEvent, onEnd)
        listeners.append(listener)
        if let outage { answer { onEnd(outage) } }
        return listener
    }

    /// Forgets calls whose caller is gone.
    func forgetCalls() { open = 0 }

    // What happens from outside

    /// Ends a container, when it runs.
    func end(_ id: String, exitCode: Int64, isOOMKilled: Bool = false) {
        guard containers[id]?.state == .running else { return }
        containers[id]?.state = .exited
        containers[id]?.exitCode = exitCode
        containers[id]?.isOOMKilled = isOOMKilled
    }

    private func call<Value>(
        _ call: Call, _ subject: String, _ then: @escaping (Result<Value, EngineError>) -> Void,
        _ work: () -> Result<Value, EngineError>
    ) {
        calls.append("\(call.rawValue) \(subject)")
        open += 1
        openMax = max(openMax, open)
        var result: Result<Value, EngineError>
        if let outage {
            result = .failure(outage)
        } else if let failure = failures[call]?.first {
            failures[call]?.removeFirst()
            if failure.isDone { _ = work() }
            result = .failure(failure.error)
        } else {
            result = work()
        }
        answer { [self] in
            open -= 1
            then(result)
        }
    }
}
