import Crypto
import LedgerCore
import LedgerJournal
import LedgerStore

/// Compares what PostgreSQL holds with the journal's own fold up to the database's checkpoint.
struct StoreComparison {
    private(set) var findings: [String] = []
    /// The pages of events that are not the journal's, in order.
    private(set) var differingPages: [EventPage] = []
    private let stored: StoreSnapshot
    private let origin: String
    private let expected: ExpectedStore

    init(_ stored: StoreSnapshot, origin: String, _ audit: JournalAudit) {
        self.stored = stored
        self.origin = origin
        expected = audit.expected
        guard let checkpoint = stored.checkpoint else {
            if stored.eventCount > 0 { findings.append("postgres: rows without a checkpoint") }
            return
        }
        if checkpoint.position.value > audit.position {
            findings.append(
                "postgres: at position \(checkpoint.position.value), beyond the journal's \(audit.position)")
            return
        }
        compareChains(checkpoint)
        compareRows(checkpoint)
        let digests = expected.pages.digests
        differingPages =
            Set(stored.pages.keys).union(digests.keys).filter { stored.pages[$0] != digests[$0] }.sorted()
        for table in RollupTable.allCases { compare(table) }
        compareProjection()
        compareContainers()
        compareQuotas()
    }

    private mutating func compareChains(_ checkpoint: StoreCheckpoint) {
        let position = checkpoint.position.value
        if checkpoint.chain != chain(at: position) {
            findings.append("postgres: the chain at position \(position) is not the journal's")
        }
        for seal in stored.head.seals {
            let (first, last) = (seal.positions.lowerBound.value, seal.positions.upperBound.value)
            if seal.chainBefore != chain(at: first - 1) || seal.chain != chain(at: last) {
                findings.append(
                    "sealed_months: positions \(first) to \(last): the chain is not the journal's")
            }
        }
        if let broken = stored.brokenAt {
            findings.append(
                "events: the line at position \(broken.value) is missing, or is not the one that was recorded"
            )
        }
    }

    private func chain(at position: Int64) -> [UInt8]? { expected.chains[position]?.digest.bytes }

    /// Every position is there, but for those at the beginning that were sealed and retired.
    private mutating func compareRows(_ checkpoint: StoreCheckpoint) {
        let position = checkpoint.position.value
        let retired = stored.head.retiredUpTo
        if retired > 0, !stored.head.seals.contains(where: { $0.positions.upperBound.value == retired }) {
            findings.append("events: positions 1 to \(retired) are not there, and were not sealed")
        }
        if stored.eventCount != position - retired {
            findings.append(
                "postgres: \(stored.eventCount) rows up to position \(position), "
                    + "where \(position - retired) should be")
        }
    }

    private mutating func compare(_ table: RollupTable) {
        let rows = stored.rollups[table] ?? [:]
        let fold = expected.rows(of: table)
        var found: [String] = []
        for group in Set(rows.keys).union(fold.keys) where rows[group] != fold[group] {
            found.append(
                "\(table.name): \(words(group)): postgres has \(words(rows[group])), "
                    + "the journal \(words(fold[group]))")
        }
        findings += found.sorted()
    }

    /// The projection's totals are those of the hours.
    private mutating func compareProjection() {
        var rows: [String: UsageSums] = [:]
        for (group, sums) in stored.rollups[.hourly] ?? [:] {
            rows[group.user, default: UsageSums()].add(sums)
        }
        var fold: [String: UsageSums] = [:]
        for (user, sums) in expected.users { fold[user.text] = sums }
        var found: [String] = []
        for user in Set(rows.keys).union(fold.keys) where rows[user] != fold[user] {
            found.append(
                "projection: \(user): usage_hourly comes to \(words(rows[user])), "
                    + "the projection to \(words(fold[user]))")
        }
        findings += found.sorted()
    }

    private mutating func compareContainers() {
        var rest = expected.containers
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

    /// A user's limits are this journal's last word on them, or another journal's later one.
    private mutating func compareQuotas() {
        var found: [String] = []
        for (user, quota) in expected.quotas {
            guard let row = stored.quotas[user] else {
                found.append("quotas: \(user.text): postgres does not have them")
                continue
            }
            let isRight =
                row.origin == origin
                ? row.stored == quota : row.stored.changedAt >= quota.changedAt
            if !isRight { found.append("quotas: \(user.text): not what the journal last set") }
        }
        for (user, row) in stored.quotas where row.origin == origin && expected.quotas[user] == nil {
            found.append("quotas: \(user.text): the journal never set any")
        }
        findings += found.sorted()
    }
}

extension StoreComparison {
    private func words(_ row: StoredContainerRow?) -> String {
        guard let row else { return "none" }
        return "\(row.container.containerID) of \(row.container.user.text) running \(row.container.image), "
            + "\(row.status), out of memory \(row.ooms) times"
    }

    private func words(_ group: UsageGroup) -> String {
        let kept = [group.user, group.kind, group.source, group.provider, group.model]
        return ([group.start.text] + kept.filter { !$0.isEmpty }).joined(separator: " ")
    }

    private func words(_ sums: UsageSums?) -> String {
        guard let sums else { return "nothing" }
        return
            "\(sums.calls) calls, \(sums.rejected) refused, \(sums.dispatches) runs with "
            + "\(sums.inputTokens)+\(sums.outputTokens) tokens and \(sums.cost.decimalText) USD"
    }
}
