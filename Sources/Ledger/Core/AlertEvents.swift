/// An alert from outside fired, or ended.
package struct AlertReceived: Hashable, Sendable {
    /// What names the alert, as its sender says: 1 to 128 visible ASCII characters.
    package let fingerprint: String
    /// Whether it fires or has ended.
    package let status: AlertStatus
    /// The rule's name.
    package let name: String
    /// How grave it is, where the rule says (`warning`, `critical`).
    package let severity: String?
    /// What it says, in one line.
    package let summary: String?
    /// When it began to fire.
    package let startsAt: Timestamp
    /// When it ended.
    package let endsAt: Timestamp?
    /// Who sent it (`alertmanager`, `grafana`).
    package let from: String

    /// Creates the event.
    package init(
        fingerprint: String, status: AlertStatus, name: String, severity: String? = nil,
        summary: String? = nil, startsAt: Timestamp, endsAt: Timestamp? = nil, from: String
    ) {
        self.fingerprint = fingerprint
        self.status = status
        self.name = name
        self.severity = severity
        self.summary = summary
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.from = from
    }
}

/// Whether an alert fires.
package enum AlertStatus: String, CaseIterable, Sendable {
    case firing
    case resolved
}
