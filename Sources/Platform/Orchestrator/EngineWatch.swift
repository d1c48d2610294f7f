/// Listens to the engine's events for as long as the Platform runs, and again after each break.
///
/// Loop thread only.
package final class EngineWatch {
    private let engine: any ContainerEngine
    private let label: String
    private let scheduler: Scheduler
    private let onEvent: (EngineEvent) -> Void
    private let onBreak: () -> Void
    private var subscription: (any EngineSubscription)?
    private var alarm: (() -> Void)?
    private var failures = 0
    private var isStopped = false

    /// Creates a watch over the containers with `label`; `onBreak` says that events may have been missed.
    package init(
        _ engine: any ContainerEngine, label: String, scheduler: Scheduler,
        onEvent: @escaping (EngineEvent) -> Void, onBreak: @escaping () -> Void
    ) {
        self.engine = engine
        self.label = label
        self.scheduler = scheduler
        self.onEvent = onEvent
        self.onBreak = onBreak
    }

    /// Begins to listen.
    package func start() {
        guard !isStopped else { return }
        let began = scheduler.nowMilliseconds()
        subscription = engine.events(
            label: label,
            onEvent: { [self] event in
                guard !isStopped else { return }
                onEvent(event)
            },
            onEnd: { [self] _ in
                guard !isStopped else { return }
                subscription = nil
                // One that had held for a while has not failed in a row.
                failures = scheduler.nowMilliseconds() - began > 10_000 ? 0 : failures + 1
                onBreak()
                alarm = scheduler.after(pauseMilliseconds) { [self] in
                    start()
                    onBreak()
                }
            })
    }

    /// Stops listening.
    package func stop() {
        isStopped = true
        alarm?()
        alarm = nil
        subscription?.cancel()
        subscription = nil
    }

    private var pauseMilliseconds: UInt64 { min(30_000, 500 << UInt64(min(failures, 6))) }
}
