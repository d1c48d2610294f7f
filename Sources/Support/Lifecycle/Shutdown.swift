package import Logging
import Synchronization
import Threads

/// What has to stop, in the order in which it started; stopped in reverse.
///
/// ```swift
/// shutdown.add("http", limitMilliseconds: 5_000) { server.stop() }
/// let code = shutdown.run(log: log, clock: .system, giveUp: signals.askedToGiveUp)
/// ```
package struct Shutdown: Sendable {
    private let limitMilliseconds: Int64
    private var steps: [Step] = []

    private struct Step: Sendable {
        let name: String
        let limitMilliseconds: Int64
        let stop: @Sendable () -> Void
    }

    /// `limitMilliseconds` bounds the whole stop, whatever the single limits add up to.
    package init(limitMilliseconds: Int64 = 10_000) { self.limitMilliseconds = limitMilliseconds }

    /// Adds what was started last; `stop` returns when it has stopped, and runs on a thread of its own.
    package mutating func add(
        _ name: String, limitMilliseconds: Int64 = 5_000, _ stop: @escaping @Sendable () -> Void
    ) {
        steps.append(Step(name: name, limitMilliseconds: limitMilliseconds, stop: stop))
    }

    /// Stops everything in reverse order; returns the exit code, 0 when all of it stopped in time.
    ///
    /// What does not stop within its limit is logged and left behind. `giveUp` is asked every 20 ms; true
    /// ends the wait.
    package func run(log: Logger, clock: Clock, giveUp: @Sendable () -> Bool = { false }) -> Int32 {
        let deadline = clock.monotonicNanoseconds() + limitMilliseconds * 1_000_000
        var code: Int32 = 0
        for (index, step) in steps.enumerated().reversed() {
            let start = clock.monotonicNanoseconds()
            let end = min(deadline, start + step.limitMilliseconds * 1_000_000)
            switch run(step, until: end, clock: clock, giveUp: giveUp) {
            case .stopped:
                let milliseconds = (clock.monotonicNanoseconds() - start) / 1_000_000
                log.info("stopped", ["what": step.name, "milliseconds": "\(milliseconds)"])
            case .late:
                code = 1
                log.error(
                    "did not stop in time",
                    ["what": step.name, "milliseconds_allowed": "\(max(0, end - start) / 1_000_000)"])
            case .refused(let error):
                code = 1
                log.error("could not be stopped", ["what": step.name, "error": "\(error)"])
            case .givenUp:
                let left = steps[...index].reversed().map(\.name).joined(separator: ", ")
                log.error("asked again to stop: leaving at once", ["not_stopped": left])
                return 1
            }
        }
        return code
    }

    private enum Outcome {
        case stopped, late, givenUp
        case refused(ThreadError)
    }

    private func run(
        _ step: Step, until end: Int64, clock: Clock, giveUp: @Sendable () -> Bool
    ) -> Outcome {
        let mark = Mark()
        do throws(ThreadError) {
            try Thread(named: "stop") {
                step.stop()
                mark.set()
            }.detach()
        } catch {
            return .refused(error)
        }
        while !mark.wait(milliseconds: 20) {
            if giveUp() { return .givenUp }
            if clock.monotonicNanoseconds() >= end { return mark.isSet ? .stopped : .late }
        }
        return .stopped
    }
}
