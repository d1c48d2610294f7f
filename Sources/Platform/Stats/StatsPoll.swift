/// One look at all containers, side by side with a bounded number in flight.
///
/// Loop thread only.
final class StatsPoll {
    /// What came of one container.
    struct Outcome {
        let container: WatchedContainer
        let health: EngineContainer.Health
        let result: Result<StatsSample, EngineError>
        /// By the monotonic clock, when the answer had come.
        let atNanoseconds: Int64
    }

    /// Requests at a time.
    static let inFlightMax = 128

    private let engine: any ContainerEngine
    private let clock: () -> Int64
    private var waiting: [(container: WatchedContainer, health: EngineContainer.Health)] = []
    private var inFlight = 0
    private let onOutcome: (Outcome) -> Void
    private var onEnd: (() -> Void)?

    private init(
        _ engine: any ContainerEngine, clock: @escaping () -> Int64,
        onOutcome: @escaping (Outcome) -> Void, onEnd: @escaping () -> Void
    ) {
        self.engine = engine
        self.clock = clock
        self.onOutcome = onOutcome
        self.onEnd = onEnd
    }

    /// Measures `containers`; `onEnd` comes once after all outcomes, at once when there are none.
    static func run(
        _ containers: [(container: WatchedContainer, health: EngineContainer.Health)],
        on engine: any ContainerEngine, clock: @escaping () -> Int64,
        onOutcome: @escaping (Outcome) -> Void, onEnd: @escaping () -> Void
    ) {
        let poll = StatsPoll(engine, clock: clock, onOutcome: onOutcome, onEnd: onEnd)
        // From the back, the first one first.
        poll.waiting = containers.reversed()
        poll.advance()
    }

    private func advance() {
        while inFlight < Self.inFlightMax, let (container, health) = waiting.popLast() {
            inFlight += 1
            engine.stats(container.id) { result in
                self.inFlight -= 1
                self.onOutcome(
                    Outcome(
                        container: container, health: health, result: result,
                        atNanoseconds: self.clock()))
                self.advance()
            }
        }
        guard inFlight == 0, waiting.isEmpty, let onEnd else { return }
        self.onEnd = nil
        onEnd()
    }
}
