import LedgerCore

/// What to do where the ledger and the engine may differ about one container.
///
/// | the ledger knows | the engine has | then |
/// |---|---|---|
/// | nothing | nothing | – |
/// | nothing | created, never started; or dead | remove it: a provision was killed half way |
/// | nothing | a leftover of a provision that failed | remove it |
/// | nothing | it runs, its health check has not decided | wait for the next look |
/// | nothing | it runs | adopt it |
/// | nothing | it has ended | adopt it as stopped: there may be somebody's work in it |
/// | it | nothing | `destroyed` |
/// | it runs | it does not | `stopped`, after an `oom` that was missed |
/// | it is stopped | it runs | `started` |
package enum ContainerAlignment: Hashable, Sendable {
    /// They agree.
    case agreed
    /// Remove it at the engine.
    case remove
    /// Look again soon.
    case wait
    /// Record it as provisioned, and as stopped when it does not run.
    case adopt(isRunning: Bool)
    /// Record that it is gone.
    case destroyed
    /// Record that it runs no more.
    case stopped
    /// Record that it runs again.
    case started

    /// Judges one container.
    package static func of(
        _ record: ContainerRecord?, _ found: EngineContainer?, isLeftover: Bool = false
    ) -> ContainerAlignment {
        guard let found else { return record == nil ? .agreed : .destroyed }
        if found.state == .removing { return .wait }
        guard let record else {
            if isLeftover { return .remove }
            switch found.state {
            case .created, .dead: return .remove
            case .exited: return .adopt(isRunning: false)
            case .running where found.health == .starting: return .wait
            case .running, .paused: return .adopt(isRunning: true)
            case .restarting, .removing, .unknown: return .wait
            }
        }
        switch (record.isRunning, found.isUp) {
        case (true, false): return .stopped
        case (false, true): return .started
        default: return .agreed
        }
    }
}

extension EngineContainer {
    /// Whether it has processes, or will have again in a moment.
    var isUp: Bool {
        switch state {
        case .running, .paused, .restarting: true
        // What is not understood is not taken for an end.
        case .unknown: true
        case .created, .removing, .exited, .dead: false
        }
    }

    /// The handle that its labels say; nil when they say none.
    var handle: ContainerHandle? {
        labels[OrchestratorConfiguration.handleLabel].flatMap { ContainerHandle($0) }
    }

    /// Whether it is the container of `handle` in the journal `origin`.
    func belongs(to handle: ContainerHandle, origin: String) -> Bool {
        labels[OrchestratorConfiguration.originLabel] == origin && self.handle == handle
    }
}
