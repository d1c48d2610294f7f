import EventLoop
import Platform

/// An engine whose answers a test sets; they come in the loop's next turn.
///
/// Loop thread only.
final class StandInEngine: ContainerEngine {
    /// What an answer to a question about one container may be.
    typealias Stats = Result<StatsSample, EngineError>

    let loop: EventLoop
    /// The answer to a list.
    var containers: Result<[EngineContainer], EngineError> = .success([])
    /// The answers by identifier; one that has none waits until `release`.
    var stats: [String: Stats] = [:]
    /// Runs when a container is asked about.
    var onStats: (String) -> Void = { _ in }
    private(set) var asked: [String] = []
    private(set) var inFlightMax = 0
    private(set) var lists = 0
    private(set) var streams: [Stream] = []
    private var held: [(id: String, then: (Stats) -> Void)] = []
    private var inFlight = 0

    /// An open stream of events.
    final class Stream: EngineSubscription {
        let onEvent: (EngineEvent) -> Void
        let onEnd: (EngineError?) -> Void
        private(set) var isCancelled = false

        init(onEvent: @escaping (EngineEvent) -> Void, onEnd: @escaping (EngineError?) -> Void) {
            self.onEvent = onEvent
            self.onEnd = onEnd
        }

        func cancel() { isCancelled = true }
    }

    init(on loop: EventLoop) { self.loop = loop }

    /// Runs containers of these names, each with this answer.
    func run(_ ids: [String], _ answer: Stats?, health: EngineContainer.Health = .none) {
        containers = .success(
            ids.map { EngineContainer(id: $0, name: $0, image: "i", state: .running, health: health) })
        for id in ids { stats[id] = answer }
    }

    /// Answers what waits.
    func release(_ answer: Stats) {
        let held = held
        self.held = []
        for (_, then) in held { self.answer(answer, then) }
    }

    func stats(_ id: String, then: @escaping (Stats) -> Void) {
        asked.append(id)
        inFlight += 1
        inFlightMax = max(inFlightMax, inFlight)
        onStats(id)
        guard let answer = stats[id] else { return held.append((id, then)) }
        self.answer(answer, then)
    }

    private func answer(_ answer: Stats, _ then: @escaping (Stats) -> Void) {
        _ = LoopTimer(on: loop, after: 0) {
            self.inFlight -= 1
            then(answer)
        }
    }

    func list(label: String, then: @escaping (Result<[EngineContainer], EngineError>) -> Void) {
        lists += 1
        let answer = containers
        _ = LoopTimer(on: loop, after: 0) { then(answer) }
    }

    func events(
        label: String, onEvent: @escaping (EngineEvent) -> Void, onEnd: @escaping (EngineError?) -> Void
    ) -> any EngineSubscription {
        let stream = Stream(onEvent: onEvent, onEnd: onEnd)
        streams.append(stream)
        return stream
    }

    func create(_ spec: ContainerSpec, then: @escaping (Result<String, EngineError>) -> Void) {
        _ = LoopTimer(on: loop, after: 0) { then(.failure(.timedOut)) }
    }

    func start(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) {
        _ = LoopTimer(on: loop, after: 0) { then(.failure(.timedOut)) }
    }

    func stop(_ id: String, graceSeconds: Int, then: @escaping (Result<Void, EngineError>) -> Void) {
        start(id, then: then)
    }

    func remove(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) { start(id, then: then) }

    func inspect(_ id: String, then: @escaping (Result<EngineContainer, EngineError>) -> Void) {
        _ = LoopTimer(on: loop, after: 0) { then(.failure(.timedOut)) }
    }
}
