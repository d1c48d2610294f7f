import LedgerCore
import LedgerJournal
import LedgerStore

/// What a database that follows the journal must hold, folded from the journal alone.
struct ExpectedStore: Sendable {
    /// The chain at the places that were asked for.
    var chains: [Int64: ChainHash] = [:]
    /// Sums by hour.
    private(set) var hourly: [RollupKey: UsageSums] = [:]
    /// Digests of the events that are not retired.
    private(set) var pages = ExpectedPages()
    /// Users' limits as they were last set.
    private(set) var quotas: [UserID: StoredQuota] = [:]
    /// The containers at the end.
    private(set) var containers: [ContainerHandle: KnownContainer] = [:]
    /// Users' totals at the end, by the projection that everything live is shown from.
    private(set) var users: [UserID: UsageSums] = [:]

    /// What `table` must hold.
    func rows(of table: RollupTable) -> [UsageGroup: UsageSums] {
        var rows: [UsageGroup: UsageSums] = [:]
        for (key, sums) in hourly {
            let group = UsageGroup(key, at: table.start(of: key.hour), by: table.dimensions)
            rows[group, default: UsageSums()].add(sums)
        }
        return rows
    }

    mutating func fold(_ recorded: RecordedEvent, chain: ChainHash, isStored: Bool) {
        UsageDelta.each(of: recorded) { hourly[$0.key, default: UsageSums()].add($0.sums) }
        StoredQuota.add(recorded, to: &quotas)
        if isStored { pages.add(StoredEvent(recorded, comparedAt: chain)) }
    }

    /// Takes what stands at the database's checkpoint.
    mutating func end(with view: LedgerView) {
        pages.finish()
        containers = view.state.containers
        users = view.usage.users.mapValues(\.total)
    }
}
