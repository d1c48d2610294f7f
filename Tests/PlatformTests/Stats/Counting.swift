import Threads

/// Counts, and lets a test wait for a count.
final class Counting: Sendable {
    private struct State {
        var count = 0
        var waiting: [(count: Int, done: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Lock(State())

    var count: Int { state.withLock { $0.count } }

    func add() {
        let due = state.withLock { state in
            state.count += 1
            let due = state.waiting.filter { $0.count <= state.count }
            state.waiting.removeAll { $0.count <= state.count }
            return due.map(\.done)
        }
        for done in due { done.resume() }
    }

    func reached(_ count: Int) async {
        await withCheckedContinuation { done in
            let isReached = state.withLock { state in
                if state.count < count { state.waiting.append((count, done)) }
                return state.count >= count
            }
            if isReached { done.resume() }
        }
    }
}
