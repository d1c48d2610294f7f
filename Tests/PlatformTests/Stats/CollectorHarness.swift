import EventLoop
import LedgerCore
import Logging
import Metrics
import Platform
import Threads

/// A collector over a stand-in engine, on a loop of its own and with a clock that a test sets.
// SAFETY: the loop is started once; what it owns is touched on its thread only, the log behind a Lock.
final class CollectorHarness: @unchecked Sendable {
    let loop: EventLoop
    let metrics = MetricSet()
    let published: PublishedReadings
    let written: Lines
    private var parts: Parts?

    /// What lives on the loop.
    final class Parts {
        let engine: StandInEngine
        let collector: StatsCollector
        var watched: [WatchedContainer]
        var clockNanoseconds: Int64 = 0
        var usages: [ContainerUsage] = []
        var events: [EngineEvent] = []

        init(
            on loop: EventLoop, watched: [WatchedContainer], intervalMilliseconds: UInt64, log: Logger
        ) {
            engine = StandInEngine(on: loop)
            self.watched = watched
            let reach = Reach()
            collector = StatsCollector(
                engine: engine, on: loop,
                .init(
                    label: "a=b", intervalMilliseconds: intervalMilliseconds,
                    nowMicroseconds: { 1_795_577_972_000_000 },
                    monotonicNanoseconds: { reach.parts?.clockNanoseconds ?? 0 }),
                log: log, watched: { reach.parts?.watched ?? [] })
            reach.parts = self
            collector.onInterval = { reach.parts?.usages += $0 }
            collector.onEvent = { reach.parts?.events.append($0) }
        }

        private final class Reach { weak var parts: Parts? }
    }

    /// Watches containers of these names; each belongs to a user of its own name.
    init(_ handles: [String], intervalMilliseconds: UInt64 = 60_000) throws {
        loop = try EventLoop()
        let watched = try handles.map { name in
            guard let handle = ContainerHandle(name), let user = UserID(name) else { throw BadName() }
            return WatchedContainer(handle: handle, user: user, id: name)
        }
        let sink = Lines()
        let parts = Parts(
            on: loop, watched: watched, intervalMilliseconds: intervalMilliseconds,
            log: Logger(
                service: "test", to: LogSink { line in sink.add(String(decoding: line, as: UTF8.self)) },
                nowMicroseconds: { 0 }))
        self.parts = parts
        written = sink
        published = parts.collector.published
        ContainerMetrics.add(to: metrics, readings: published, diskPath: "/")
        try loop.start(named: "collector-test")
    }

    private struct BadName: Error {}

    /// What was logged.
    final class Lines: Sendable {
        private let lines = Lock<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// Does something on the loop's thread.
    func on<Value: Sendable>(_ body: @escaping @Sendable (Parts) -> Value) async -> Value {
        await withCheckedContinuation { done in
            loop.post { [self] in
                guard let parts else { preconditionFailure("the harness is closed") }
                done.resume(returning: body(parts))
            }
        }
    }

    /// Polls once, `prepare` first; the readings after it.
    @discardableResult
    func collect(
        _ prepare: @escaping @Sendable (Parts) -> Void = { _ in }
    ) async -> [String: ContainerReading] {
        await withCheckedContinuation { done in
            loop.post { [self] in
                guard let parts else { preconditionFailure("the harness is closed") }
                prepare(parts)
                parts.collector.collectOnce {
                    let readings = parts.collector.readings
                    done.resume(
                        returning: Dictionary(uniqueKeysWithValues: readings.map { ($0.key.text, $0.value) }))
                }
            }
        }
    }

    /// Whether a metric's line is in the exposition.
    func shows(_ line: String) -> Bool { exposition.contains("\n\(line)\n") }

    var exposition: String { "\n" + String(decoding: metrics.render(.prometheusText), as: UTF8.self) }

    func close() {
        loop.post { [self] in
            parts?.collector.stop()
            parts = nil
        }
        loop.stop()
    }

    /// A sample with these counters; memory of 3 MiB, a third of it inactive file cache.
    static func sample(
        cpu: UInt64, system: UInt64? = nil, cpus: Int? = 2, memory: Int64 = 3 << 20, inactive: Int64 = 1 << 20
    ) -> StatsSample {
        StatsSample(
            cpuNanoseconds: cpu, systemNanoseconds: system, onlineCPUs: cpus, memoryUsageBytes: memory,
            memoryInactiveFileBytes: inactive, memoryLimitBytes: 64 << 20, receivedBytes: 100,
            transmittedBytes: 50)
    }
}
