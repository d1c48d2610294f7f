import EventLoop
import Logging

/// Keeps a stream of engine events open: when it breaks off it is opened again, later each time.
///
/// Loop thread only. What happened meanwhile is not asked for: whoever listens looks at the engine's list
/// after each reconnect.
final class EventWatch {
    /// The first wait, doubled up to the last.
    static let backoffMilliseconds: ClosedRange<UInt64> = 1000...30_000

    private let engine: any ContainerEngine
    private let loop: EventLoop
    private let label: String
    private let log: Logger
    private let onEvent: (EngineEvent) -> Void
    private let onReconnect: () -> Void
    private let firstMilliseconds: UInt64
    private var waitMilliseconds: UInt64
    private var subscription: (any EngineSubscription)?
    private var timer: LoopTimer?
    private var openedAtMilliseconds: UInt64 = 0
    private var isCancelled = false
    private var isBroken = false

    /// Opens the stream.
    init(
        engine: any ContainerEngine, on loop: EventLoop, label: String, log: Logger,
        firstMilliseconds: UInt64 = EventWatch.backoffMilliseconds.lowerBound,
        onEvent: @escaping (EngineEvent) -> Void, onReconnect: @escaping () -> Void
    ) {
        self.engine = engine
        self.loop = loop
        self.label = label
        self.log = log
        self.firstMilliseconds = firstMilliseconds
        waitMilliseconds = firstMilliseconds
        self.onEvent = onEvent
        self.onReconnect = onReconnect
        open()
    }

    /// Ends it for good.
    func cancel() {
        isCancelled = true
        subscription?.cancel()
        subscription = nil
        timer?.cancel()
        timer = nil
    }

    private func open() {
        openedAtMilliseconds = loop.nowMilliseconds
        subscription = engine.events(
            label: label,
            onEvent: { [weak self] event in
                self?.works()
                self?.onEvent(event)
            },
            onEnd: { [weak self] in self?.ended($0) })
    }

    private func works() {
        waitMilliseconds = firstMilliseconds
        guard isBroken else { return }
        isBroken = false
        log.info("the container engine's events are heard again")
    }

    private func ended(_ error: EngineError?) {
        subscription = nil
        guard !isCancelled else { return }
        // A stream that lived long was a good one, even if it was quiet.
        if loop.nowMilliseconds - openedAtMilliseconds >= Self.backoffMilliseconds.upperBound {
            works()
        }
        if !isBroken {
            isBroken = true
            log.warning(
                "the container engine's events broke off",
                ["reason": error?.words ?? "the engine ended them"], onceEvery: 60)
        }
        let wait = waitMilliseconds
        waitMilliseconds = min(wait * 2, Self.backoffMilliseconds.upperBound)
        timer = LoopTimer(on: loop, after: wait) { [weak self] in
            guard let self, !isCancelled else { return }
            open()
            onReconnect()
        }
    }
}
