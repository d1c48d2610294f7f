/// The last that is known of an alert.
package struct KnownAlert: Hashable, Sendable {
    /// What was received.
    package let alert: AlertReceived
    /// Where it is recorded.
    package let position: Position
}

extension LedgerState {
    /// Alerts beyond this are forgotten, the one received longest ago first.
    package static let alertsMax = 1_000

    /// Whether `alert` says nothing new.
    func isKnown(_ alert: AlertReceived) -> Bool {
        guard let known = alerts[alert.fingerprint]?.alert else { return false }
        return known.status == alert.status && known.startsAt == alert.startsAt
    }

    mutating func keep(_ known: KnownAlert) {
        alerts[known.alert.fingerprint] = known
        guard alerts.count > Self.alertsMax else { return }
        let oldest = alerts.min {
            $0.value.position == $1.value.position
                ? SnapshotCodec.isBefore($0.key, $1.key) : $0.value.position < $1.value.position
        }
        if let oldest { alerts[oldest.key] = nil }
    }
}
