import LedgerCore
import Metrics

/// The gauges of limits: the first `subjectsMax` users and other subjects that have any, by name.
struct QuotaMetrics {
    private let users: [(user: UserID, meters: [Meter])]
    private let shared: [(subject: QuotaSubject, meters: [Meter])]

    init(_ view: LedgerView, at now: Timestamp, subjectsMax: Int) {
        let state = view.state
        users = state.quotas.keys.sorted { $0.text < $1.text }.prefix(subjectsMax)
            .map { ($0, state.meters(of: .user($0), at: now)) }
        shared = state.sharedQuotas.keys.sorted { $0.text < $1.text }.prefix(subjectsMax)
            .map { ($0, state.meters(of: $0, at: now)) }
    }

    func write(to writer: inout ExpositionWriter) {
        writer.family("ledger_quota_limit_usd", .gauge, help: "A user's limit in USD by window.")
        eachMoney { user, meter in
            writer.sample(
                ["user": user.text, "window": meter.limit.window.rawValue],
                .money(Money(attos: meter.limit.amount)))
        }
        writer.family(
            "ledger_quota_used_ratio", .gauge, help: "Used, held and reserved over the limit; 1 is exhausted."
        )
        eachMoney { user, meter in
            guard let ratio = meter.usedRatio else { return }
            writer.sample(["user": user.text, "window": meter.limit.window.rawValue], .double(ratio))
        }
        writer.family("ledger_quota_reserved_usd", .gauge, help: "What a user's open calls hold, in USD.")
        for (user, meters) in users {
            let held = meters.filter { $0.limit.measure == .cost }.map(\.reserved).max()
            guard let held else { continue }
            writer.sample(["user": user.text], .money(Money(attos: held)))
        }
        writer.family(
            "ledger_limit_used_ratio", .gauge,
            help: "Used, held and reserved over a limit of a group, a model or all together; 1 is exhausted.")
        for (subject, meters) in shared {
            for meter in meters {
                guard let ratio = meter.usedRatio else { continue }
                writer.sample(
                    [
                        "subject": subject.text, "measure": meter.limit.measure.rawValue,
                        "window": meter.limit.window.rawValue,
                    ], .double(ratio))
            }
        }
    }

    private func eachMoney(_ body: (UserID, Meter) -> Void) {
        for (user, meters) in users {
            for meter in meters where meter.limit.measure == .cost { body(user, meter) }
        }
    }
}

extension Meter {
    /// For a gauge: with cost, the only place where money meets floating point; nil for a limit of nothing.
    fileprivate var usedRatio: Double? {
        limit.amount > 0 ? (Double(used) + Double(reserved)) / Double(limit.amount) : nil
    }
}
