/// What is wrong at present, so that it is said when it begins and not at every poll.
struct StatsConditions {
    /// Something that can be wrong.
    enum Condition: Hashable {
        case engine
        /// By the engine's identifier.
        case container(String)
    }

    private var current: Set<Condition> = []

    /// Whether `condition` is new.
    mutating func begins(_ condition: Condition) -> Bool { current.insert(condition).inserted }

    /// Whether `condition` was there.
    mutating func ends(_ condition: Condition) -> Bool { current.remove(condition) != nil }

    /// Forgets containers that are watched no more.
    mutating func forget(allBut ids: Set<String>) {
        current = current.filter { condition in
            if case .container(let id) = condition { ids.contains(id) } else { true }
        }
    }
}

extension EngineError {
    /// For logs.
    package var words: String {
        switch self {
        case .unreachable(let reason): "unreachable: \(reason)"
        case .timedOut: "no answer in time"
        case .notFound(let message): "not found: \(message)"
        case .conflict(let message): "conflict: \(message)"
        case .refused(let status, let message): "refused (\(status)): \(message)"
        case .malformed(let reason): "not what its API says: \(reason)"
        case .notRunning: "it does not run"
        }
    }
}
