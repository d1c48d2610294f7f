import LedgerCore
import LedgerRuntime
import Service

/// How the ledger does, as `/health` says it.
struct LedgerHealth {
    private let ledger: Ledger
    private let ingest: PostgresIngest?

    init(_ ledger: Ledger, ingest: PostgresIngest?) {
        self.ledger = ledger
        self.ingest = ingest
    }

    func report(and others: [(name: String, json: String)] = []) -> HealthReport {
        let (position, failure) = ledger.read { ($0.usage.position, $0.journal.failure) }
        var parts: [(name: String, json: String)] = [
            ("journal", "{\"writable\":\(failure == nil),\"position\":\(position.value)}")
        ]
        var state: HealthReport.State = failure == nil ? .ok : .failing
        if let status = ingest?.currentStatus {
            let lag = status.lagEvents(behind: position)
            parts.append(
                (
                    "postgres",
                    "{\"up\":\(status.isConnected),\"lagEvents\":\(lag),\"refused\":\(status.isFatal)}"
                ))
            if !status.isConnected, state == .ok { state = .degraded }
        }
        return HealthReport(state, parts: parts + others)
    }
}
