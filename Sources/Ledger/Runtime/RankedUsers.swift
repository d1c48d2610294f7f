import LedgerCore

/// Users' sums by window, the dearest first, the rest as one: a bounded number of series whose sum stays
/// exact.
struct RankedUsers {
    /// One user's sums in one window.
    struct Row {
        let user: String
        let window: String
        let sums: UsageSums
    }

    private(set) var rows: [Row] = []
    /// The cost of all users, by window.
    let costs: [(String, Money)]
    /// How many users are summed up in one row.
    let foldedCount: Int

    init(_ view: LedgerView, now: Timestamp, usersMax: Int) {
        let ranked = view.usage.users.sorted {
            $0.value.total.cost == $1.value.total.cost
                ? $0.key.text < $1.key.text : $0.value.total.cost > $1.value.total.cost
        }
        var folded = [UsageSums](repeating: UsageSums(), count: 3)
        var all = folded
        for (rank, (user, usage)) in ranked.enumerated() {
            let windows = [usage.day(at: now), usage.month(at: now), usage.total]
            for (index, sums) in windows.enumerated() {
                all[index].add(sums)
                if rank < usersMax {
                    rows.append(Row(user: user.text, window: Self.windows[index], sums: sums))
                } else {
                    folded[index].add(sums)
                }
            }
        }
        foldedCount = max(ranked.count - usersMax, 0)
        if foldedCount > 0 {
            for (index, sums) in folded.enumerated() {
                rows.append(Row(user: LedgerMetrics.otherUsers, window: Self.windows[index], sums: sums))
            }
        }
        costs = zip(Self.windows, all).map { ($0, $1.cost) }
    }

    private static let windows = ["day", "month", "total"]
}
