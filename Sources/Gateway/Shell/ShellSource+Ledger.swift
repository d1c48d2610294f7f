import LedgerCore
import LedgerRuntime

extension ShellSource {
    /// What `ledger`'s published state says.
    init(_ ledger: Ledger) {
        self.init(
            today: { user in
                let now = ledger.configuration.now()
                let sums = ledger.read { $0.usage.users[user] }?.day(at: now) ?? UsageSums()
                var today = ShellToday()
                today.cost = sums.cost
                today.tokensIn = sums.inputTokens
                today.tokensOut = sums.outputTokens
                today.calls = sums.calls
                today.dispatches = sums.dispatches
                return today
            },
            firingAlerts: {
                let known = ledger.read { $0.state.alerts }.values.filter { $0.alert.status == .firing }
                return known.sorted { $0.position < $1.position }.suffix(Self.alertsMax).map(\.alert)
            })
    }

    /// The most alerts that a shell is told of when it opens, the latest ones.
    private static var alertsMax: Int { 100 }
}
