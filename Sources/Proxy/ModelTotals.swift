import LedgerCore
import LedgerRuntime

/// Totals of calls by user and model with a bounded number of label values; what is folded keeps the sums
/// exact.
struct ModelTotals {
    /// Label values.
    struct Key: Hashable, Comparable {
        let user: String
        let model: String

        static func < (left: Key, right: Key) -> Bool { (left.user, left.model) < (right.user, right.model) }
    }

    /// Sums by label values, sorted.
    let rows: [(key: Key, value: UsageSums)]
    /// Refused calls by user, sorted.
    let rejections: [(key: String, value: Int64)]

    init(_ usage: UsageProjection, prices: PriceBook, usersMax: Int) {
        let shown = Set(
            usage.users.sorted {
                $0.value.total.cost == $1.value.total.cost
                    ? $0.key.text < $1.key.text : $0.value.total.cost > $1.value.total.cost
            }.prefix(usersMax).map(\.key))
        var sums: [Key: UsageSums] = [:]
        var rejections: [String: Int64] = [:]
        for (key, value) in usage.models where key.kind == .call {
            let user = shown.contains(key.user) ? key.user.text : "_other"
            let model = ModelLabel.of(key.model, provider: key.provider, in: prices)
            sums[Key(user: user, model: model), default: UsageSums()].add(value)
            if value.rejected > 0 { rejections[user, default: 0] += value.rejected }
        }
        rows = sums.sorted { $0.key < $1.key }
        self.rejections = rejections.sorted { $0.key < $1.key }
    }
}
