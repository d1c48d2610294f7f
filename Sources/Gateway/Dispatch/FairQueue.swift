import LedgerCore

/// What waits for a slot, fair by user: first whoever has least under way, then whoever was served longest
/// ago, then whoever came first.
///
/// A user with a hundred messages delays another user's one by one run, not by a hundred.
struct FairQueue<Element: AnyObject> {
    private var entries: [(user: UserID, element: Element)] = []
    /// When each user was served last, in turns.
    private var served: [UserID: Int] = [:]
    private var turn = 0

    private static var servedMax: Int { 4_096 }

    /// How many wait.
    var count: Int { entries.count }

    /// Adds one behind its user's others.
    mutating func append(_ element: Element, of user: UserID) { entries.append((user, element)) }

    /// Takes the next one out; `running` says how many of a user are under way.
    ///
    /// - Complexity: O(waiting).
    mutating func next(running: (UserID) -> Int) -> Element? {
        var best: (index: Int, rank: (Int, Int))?
        for (index, entry) in entries.enumerated() {
            let rank = (running(entry.user), served[entry.user] ?? 0)
            if let found = best, found.rank <= rank { continue }
            best = (index, rank)
        }
        guard let best else { return nil }
        let entry = entries.remove(at: best.index)
        turn += 1
        if served.count >= Self.servedMax { served.removeAll() }
        served[entry.user] = turn
        return entry.element
    }

    /// Takes `element` out; false: it does not wait.
    mutating func remove(_ element: Element) -> Bool {
        guard let index = entries.firstIndex(where: { $0.element === element }) else { return false }
        entries.remove(at: index)
        return true
    }
}
