package import LedgerCore

/// What shells are told from the ledger.
///
/// Loop thread only.
package struct ShellSource {
    /// What a user has used today.
    package var today: (UserID) -> ShellToday
    /// The alerts that fire now.
    package var firingAlerts: () -> [AlertReceived]

    /// Two closures.
    package init(
        today: @escaping (UserID) -> ShellToday, firingAlerts: @escaping () -> [AlertReceived]
    ) {
        self.today = today
        self.firingAlerts = firingAlerts
    }
}
