import LedgerCore
import Testing

@Suite("KnownAlert")
struct KnownAlertTests {
    private func alert(_ fingerprint: String, _ status: AlertStatus, at second: Int64 = 0) -> AlertReceived {
        AlertReceived(
            fingerprint: fingerprint, status: status, name: "A",
            startsAt: Timestamp(microseconds: second * 1_000_000), from: "alertmanager")
    }

    @Test("an alert is recorded once for each status and start")
    func once() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        let received = [
            alert("a", .firing), alert("a", .firing), alert("b", .firing), alert("a", .resolved),
            alert("a", .resolved), alert("a", .firing, at: 9), alert("a", .firing, at: 9),
        ]
        for alert in received { try ledger.run(.receiveAlert(alert)) }
        #expect(ledger.events.count == 4)
        #expect(ledger.state.alerts["a"]?.alert == alert("a", .firing, at: 9))
        #expect(ledger.state.alerts["a"]?.position == Position(4))
        #expect(ledger.events.allSatisfy { $0.event.user == nil })
    }

    @Test("the one received longest ago is forgotten first")
    func bounded() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        for number in 0..<LedgerState.alertsMax { try ledger.run(.receiveAlert(alert("\(number)", .firing))) }
        try ledger.run(.receiveAlert(alert("0", .resolved)))
        try ledger.run(.receiveAlert(alert("new", .firing)))
        #expect(ledger.state.alerts.count == LedgerState.alertsMax)
        #expect(ledger.state.alerts["1"] == nil)
        #expect(ledger.state.alerts["0"] != nil)
        #expect(ledger.state.alerts["new"] != nil)
    }
}
