import Synchronization

/// A bounded queue from any threads to threads that may block.
package final class BlockingQueue<Element: Sendable>: Sendable {
    private let state = Lock(State())
    private let wakeups = Semaphore()
    private let countMax: Int

    private struct State {
        var items: [Element?] = []
        // Items before this index are taken; a pop is O(1) without a ring.
        var head = 0
        var sleepers = 0
        var isClosed = false

        var count: Int { items.count - head }

        mutating func take(_ wanted: Int) -> [Element] {
            let taken = items[head..<head + min(wanted, count)].compactMap(\.self)
            for index in head..<head + taken.count { items[index] = nil }
            head += taken.count
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 1024, head * 2 > items.count {
                items.removeFirst(head)
                head = 0
            }
            return taken
        }
    }

    /// Creates a queue that holds at most `countMax` elements.
    package init(countMax: Int) { self.countMax = countMax }

    /// How many elements wait now.
    package var count: Int { state.withLock { $0.count } }

    /// Adds one element; false when the queue is full or closed.
    package func push(_ element: Element) -> Bool {
        let (added, wake) = state.withLock { state in
            guard !state.isClosed, state.count < countMax else { return (false, false) }
            state.items.append(element)
            guard state.sleepers > 0 else { return (true, false) }
            state.sleepers -= 1
            return (true, true)
        }
        if wake { wakeups.signal() }
        return added
    }

    /// Takes the oldest element, blocking until there is one; nil once the queue is closed and empty.
    package func pop() -> Element? { popMany(countMax: 1)?.first }

    /// Takes all that wait, at most `countMax`, blocking until there is one; nil once closed and empty.
    ///
    /// With `timeoutMilliseconds` an empty array comes back after that long without an element.
    package func popMany(countMax: Int, timeoutMilliseconds: Int? = nil) -> [Element]? {
        while true {
            let (taken, isClosed) = state.withLock { state in
                let taken = state.take(max(1, countMax))
                if taken.isEmpty, !state.isClosed { state.sleepers += 1 }
                return (taken, state.isClosed)
            }
            guard taken.isEmpty else { return taken }
            guard !isClosed else { return nil }
            guard let timeoutMilliseconds else {
                wakeups.wait()
                continue
            }
            guard wakeups.wait(timeoutMilliseconds: timeoutMilliseconds) else {
                // A push may have counted on this sleeper meanwhile; its wake-up then serves a later call.
                state.withLock { $0.sleepers = max(0, $0.sleepers - 1) }
                return state.withLock { $0.take(max(1, countMax)) }
            }
        }
    }

    /// Refuses further elements and wakes every waiter; what is queued can still be taken.
    package func close() {
        let sleepers = state.withLock { state in
            state.isClosed = true
            defer { state.sleepers = 0 }
            return state.sleepers
        }
        for _ in 0..<sleepers { wakeups.signal() }
    }
}
