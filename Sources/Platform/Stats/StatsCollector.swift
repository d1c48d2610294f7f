package import EventLoop
package import LedgerCore
package import Logging

/// Measures the running containers now and then, and hears from the engine what happens to them.
///
/// Loop thread only; ``published`` may be read anywhere. An engine that hangs, restarts or refuses costs the
/// containers their readings until it is well again, and nothing else.
package final class StatsCollector {
    /// What the readings are made from and where they go.
    package struct Configuration {
        /// Time between polls.
        package var intervalMilliseconds: UInt64 = 15_000
        /// The label of the containers that are the platform's.
        package var label: String
        /// Wall time, for ``ContainerReading/at``.
        package var nowMicroseconds: () -> Int64
        /// A clock that never falls, for rates.
        package var monotonicNanoseconds: () -> Int64

        /// A configuration.
        package init(
            label: String, intervalMilliseconds: UInt64 = 15_000,
            nowMicroseconds: @escaping () -> Int64, monotonicNanoseconds: @escaping () -> Int64
        ) {
            self.label = label
            self.intervalMilliseconds = max(intervalMilliseconds, 1)
            self.nowMicroseconds = nowMicroseconds
            self.monotonicNanoseconds = monotonicNanoseconds
        }
    }

    /// The last readings, for other threads too.
    package let published = PublishedReadings()
    /// Hears of starts, deaths, removals, health and want of memory.
    package var onEvent: (EngineEvent) -> Void = { _ in }
    /// Hears the engine's list at each poll that got one: what really runs.
    package var onList: ([EngineContainer]) -> Void = { _ in }
    /// Hears, after each poll, what each container used since the sample before.
    package var onInterval: ([ContainerUsage]) -> Void = { _ in }

    let engine: any ContainerEngine
    let loop: EventLoop
    let configuration: Configuration
    let log: Logger
    private let watched: () -> [WatchedContainer]
    private var series: [String: SampleSeries] = [:]
    private var conditions = StatsConditions()
    private var timer: LoopTimer?
    private var watch: EventWatch?
    private var waiting: [() -> Void] = []
    private var isPolling = false
    /// Containers that ended or started anew while a poll was under way: its answers on them are void.
    private var changedMeanwhile: Set<String> = []
    /// Grows with each stop, so that a poll from before publishes nothing.
    private var epoch = 0

    /// Creates a collector; `watched` names the containers that should be running.
    package init(
        engine: any ContainerEngine, on loop: EventLoop, _ configuration: Configuration, log: Logger,
        watched: @escaping () -> [WatchedContainer]
    ) {
        self.engine = engine
        self.loop = loop
        self.configuration = configuration
        self.log = log
        self.watched = watched
    }

    /// The last readings.
    package var readings: [ContainerHandle: ContainerReading] { published.current.readings }

    /// Whether it polls by itself.
    package var isStarted: Bool { timer != nil }

    /// Polls now and then every interval, and listens to the engine's events; twice is once.
    package func start() {
        guard timer == nil else { return }
        let interval = configuration.intervalMilliseconds
        timer = LoopTimer(on: loop, after: 0, repeating: interval) { [weak self] in self?.collectOnce() }
        watch = EventWatch(
            engine: engine, on: loop, label: configuration.label, log: log,
            onEvent: { [weak self] in self?.take($0) },
            onReconnect: { [weak self] in self?.collectOnce() })
    }

    /// Ends both; there are no readings then.
    package func stop() {
        timer?.cancel()
        timer = nil
        watch?.cancel()
        watch = nil
        epoch += 1
        series = [:]
        published.update {
            $0.readings = [:]
            $0.states = [:]
        }
    }

    /// Measures all containers once; `then` comes after the readings are published.
    ///
    /// While a poll is under way this is no second one: it is counted as skipped, and `then` comes when the
    /// one under way has ended.
    package func collectOnce(then: (() -> Void)? = nil) {
        if let then { waiting.append(then) }
        guard !isPolling else { return published.update { $0.pollsSkipped += 1 } }
        isPolling = true
        changedMeanwhile = []
        let round = Round(epoch: epoch, startedAtNanoseconds: configuration.monotonicNanoseconds())
        engine.list(label: configuration.label) { self.measure($0, round) }
    }

    /// One poll's findings.
    private final class Round {
        let epoch: Int
        let startedAtNanoseconds: Int64
        var readings: [ContainerHandle: ContainerReading] = [:]
        var usages: [ContainerUsage] = []
        var states: [EngineContainer.State: Int] = [:]

        init(epoch: Int, startedAtNanoseconds: Int64) {
            self.epoch = epoch
            self.startedAtNanoseconds = startedAtNanoseconds
        }
    }

    private func measure(_ list: Result<[EngineContainer], EngineError>, _ round: Round) {
        guard case .success(let containers) = list else {
            if case .failure(let error) = list, conditions.begins(.engine) {
                log.warning(
                    "the container engine does not list containers", ["reason": error.words], onceEvery: 60)
            }
            return finish(round)
        }
        if conditions.ends(.engine) { log.info("the container engine lists containers again") }
        guard round.epoch == epoch else { return finish(round) }
        for container in containers { round.states[container.state, default: 0] += 1 }
        onList(containers)
        let known = Dictionary(containers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let watched = watched()
        forget(allBut: Set(watched.map(\.id)))
        var running: [(container: WatchedContainer, health: EngineContainer.Health)] = []
        for container in watched {
            guard let found = known[container.id], found.state == .running else {
                series[container.id] = nil
                continue
            }
            running.append((container, found.health))
        }
        StatsPoll.run(
            running, on: engine, clock: configuration.monotonicNanoseconds,
            onOutcome: { self.take($0, round) }, onEnd: { self.finish(round) })
    }

    private func take(_ outcome: StatsPoll.Outcome, _ round: Round) {
        let container = outcome.container
        guard round.epoch == epoch, !changedMeanwhile.contains(container.id) else { return }
        switch outcome.result {
        case .failure(let error): miss(container, error)
        case .success(let sample):
            if conditions.ends(.container(container.id)) {
                log.info("a container can be measured again", ["handle": container.handle.text])
            }
            let step = series[container.id, default: SampleSeries()].take(
                sample, atNanoseconds: outcome.atNanoseconds)
            round.readings[container.handle] = ContainerReading(
                handle: container.handle, user: container.user, cpuPercent: step?.cpuPercent,
                memoryBytes: SampleSeries.memoryBytes(sample), memoryLimitBytes: sample.memoryLimitBytes,
                receivedBytes: sample.receivedBytes, transmittedBytes: sample.transmittedBytes,
                health: outcome.health,
                at: Timestamp(microseconds: configuration.nowMicroseconds()))
            guard let step, step.cpuMilliseconds > 0 || step.memoryMebibyteSeconds > 0 else { return }
            round.usages.append(
                ContainerUsage(
                    handle: container.handle, user: container.user, cpuMilliseconds: step.cpuMilliseconds,
                    memoryMebibyteSeconds: step.memoryMebibyteSeconds))
        }
    }

    private func miss(_ container: WatchedContainer, _ error: EngineError) {
        let isGone =
            switch error {
            case .notFound, .notRunning: true
            default: false
            }
        // Its counters begin anew when it comes back.
        if isGone { series[container.id] = nil }
        guard conditions.begins(.container(container.id)) else { return }
        if isGone {
            log.info(
                "a container went away while it was measured",
                ["handle": container.handle.text, "reason": error.words])
        } else {
            log.warning(
                "a container cannot be measured",
                ["handle": container.handle.text, "reason": error.words], onceEvery: 60)
        }
    }

    private func finish(_ round: Round) {
        let took = configuration.monotonicNanoseconds() - round.startedAtNanoseconds
        if round.epoch == epoch {
            // One that died after it was measured has no reading either.
            let void = changedMeanwhile
            let dead = Set(watched().filter { void.contains($0.id) }.map(\.handle))
            let readings = round.readings.filter { !dead.contains($0.key) }
            published.update {
                $0.readings = readings
                $0.states = round.states
                $0.polls += 1
                $0.lastPollNanoseconds = took
            }
            if !round.usages.isEmpty { onInterval(round.usages) }
        }
        isPolling = false
        let waiting = waiting
        self.waiting = []
        for then in waiting { then() }
    }

    private func forget(allBut ids: Set<String>) {
        series = series.filter { ids.contains($0.key) }
        conditions.forget(allBut: ids)
    }

    /// Takes an event: what died has no reading from now on.
    private func take(_ event: EngineEvent) {
        switch event.action {
        case .other: return
        case .die, .destroy:
            voidReading(of: event.id)
            let handles = Set(watched().filter { $0.id == event.id }.map(\.handle))
            if !handles.isEmpty {
                published.update { snapshot in
                    for handle in handles { snapshot.readings[handle] = nil }
                }
            }
        case .start: voidReading(of: event.id)
        case .oom, .health: break
        }
        onEvent(event)
    }

    private func voidReading(of id: String) {
        series[id] = nil
        if isPolling { changedMeanwhile.insert(id) }
    }
}
