import Crypto
import LedgerJournal
import LedgerCore
import LedgerStore

/// Compares what PostgreSQL holds with the journal's own fold up to the database's checkpoint.
struct StoreComparison {
    private(set) var findings: [String] = []

    init(_ stored: StoreSnapshot, _ audit: JournalAudit) {
        guard let checkpoint = stored.checkpoint else {
            if stored.eventCount > 0 { findings.append("postgres: rows without a checkpoint") }
            return
        }
        if checkpoint.position.value > audit.position {
            findings.append(
                "postgres: at position \(checkpoint.position.value), beyond the journal's \(audit.position)")
            return
        }
        if checkpoint.chain != audit.stopChain?.digest.bytes {
            findings.append(
                "postgres: the chain at position \(checkpoint.position.value) is not the journal's")
        }
        if stored.eventCount != checkpoint.position.value {
            findings.append("postgres: \(stored.eventCount) rows up to position \(checkpoint.position.value)")
        }
        compareEvents(stored, audit)
        compareUsage(stored, audit)
        compareContainers(stored, audit)
    }

    private mutating func compareEvents(_ stored: StoreSnapshot, _ audit: JournalAudit) {
        var rows: [EventGroup: EventSums] = [:]
        for sum in stored.events {
            let group = EventGroup(user: sum.user, type: sum.kind, provider: sum.provider, model: sum.model)
            rows[group] = EventSums(
                count: sum.count, inputTokens: sum.inputTokens, outputTokens: sum.outputTokens, cost: sum.cost
            )
        }
        compare("events", rows, audit.groups)
    }

    private mutating func compareUsage(_ stored: StoreSnapshot, _ audit: JournalAudit) {
        var rows: [EventGroup: EventSums] = [:]
        for sum in stored.usage {
            let group = EventGroup(user: sum.user, type: sum.kind, provider: sum.provider, model: sum.model)
            rows[group] = EventSums(
                count: sum.count, inputTokens: sum.inputTokens, outputTokens: sum.outputTokens, cost: sum.cost
            )
        }
        var fold: [EventGroup: EventSums] = [:]
        for (key, sums) in audit.sums {
            let group = EventGroup(
                user: key.user.text, type: key.kind.rawValue, provider: key.provider, model: key.model)
            fold[group, default: EventSums()].add(sums)
        }
        compare("usage_hourly", rows, fold)
    }

    private mutating func compareContainers(_ stored: StoreSnapshot, _ audit: JournalAudit) {
        var rest = audit.containers
        for row in stored.containers {
            let handle = row.container.handle
            let known = rest.removeValue(forKey: handle)
            let expected = known.map {
                StoredContainerRow(
                    container: $0.container, status: $0.isRunning ? "running" : "stopped", ooms: $0.ooms)
            }
            if row.status == "destroyed" ? known != nil : expected != row {
                findings.append(
                    "containers: \(handle.text): postgres has \(words(row)), the journal \(words(expected))")
            }
        }
        for handle in rest.keys.sorted() {
            findings.append("containers: \(handle.text): postgres does not have it")
        }
    }

    private func words(_ row: StoredContainerRow?) -> String {
        guard let row else { return "none" }
        return "\(row.container.containerID) of \(row.container.user.text) running \(row.container.image), "
            + "\(row.status), out of memory \(row.ooms) times"
    }

    private mutating func compare(
        _ table: String, _ rows: [EventGroup: EventSums], _ fold: [EventGroup: EventSums]
    ) {
        for group in Set(rows.keys).union(fold.keys) where rows[group] != fold[group] {
            findings.append(
                "\(table): \(group.user) \(group.type) \(group.provider) \(group.model): "
                    + "postgres has \(words(rows[group])), the journal \(words(fold[group]))")
        }
        findings.sort()
    }

    private func words(_ sums: EventSums?) -> String {
        guard let sums else { return "nothing" }
        return
            "\(sums.count) with \(sums.inputTokens)+\(sums.outputTokens) tokens and \(sums.cost.decimalText) USD"
    }
}

extension EventSums {
    fileprivate mutating func add(_ sums: UsageSums) {
        count += sums.calls + sums.dispatches
        inputTokens += sums.inputTokens
        outputTokens += sums.outputTokens
        cost = cost.addingClamped(sums.cost)
    }
}
