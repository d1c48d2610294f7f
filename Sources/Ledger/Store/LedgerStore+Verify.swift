package import LedgerCore
import Postgres

extension LedgerStore {
    /// Reads what is stored of the origin, all at one moment.
    ///
    /// - Parameters:
    ///   - onHead: told first how far the store is, before anything that takes time.
    ///   - onRowsChecked: where it is given, the server hashes every line and every row that it holds; told
    ///     after each page how many it were, it says whether to go on.
    /// - Returns: all of it.
    /// - Throws: ``StoreError/schema(found:wanted:)``, ``StoreError/connection(_:)``,
    ///   ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``.
    package func snapshot(
        onHead: (StoreHead) -> Void = { _ in }, onRowsChecked: ((Int64) -> Bool)? = nil
    ) throws(StoreError) -> StoreSnapshot {
        var snapshot = StoreSnapshot()
        try requireSchema()
        try inTransaction(
            "set transaction isolation level repeatable read read only; set local statement_timeout = 0"
        ) {
            () throws(StoreError) in
            snapshot.head = try head()
            onHead(snapshot.head)
            if let onRowsChecked { try checkRows(of: &snapshot, onRowsChecked) }
            snapshot.eventCount = try countEvents()
            for table in RollupTable.allCases { snapshot.rollups[table] = try rollup(table) }
            snapshot.containers = try containers()
            snapshot.quotas = try quotas()
        }
        return snapshot
    }

    private func head() throws(StoreError) -> StoreHead {
        var head = StoreHead()
        head.checkpoint = try checkpoint()
        let bounds = try query(
            "select min(position), max(position) from ledger.events where origin = $1", [origin])
        if let first = bounds.integer(0, 0), let last = bounds.integer(0, 1) {
            head.positions = Position(first)...Position(last)
        }
        let rows = try query(
            """
            select first_position, last_position, chain_before, chain from ledger.sealed_months
            where origin = $1 order by first_position
            """, [origin])
        for row in 0..<rows.rowCount {
            guard let first = rows.integer(row, 0), let last = rows.integer(row, 1), first <= last,
                let before = rows.bytea(row, 2), let chain = rows.bytea(row, 3)
            else { throw .unreadable("the sealed months of \"\(origin)\"") }
            head.seals.append(
                SealedMonth(positions: Position(first)...Position(last), chainBefore: before, chain: chain))
        }
        return head
    }

    /// Has the server recompute the chain of all that it holds, up to the first break, and a digest of each
    /// page's rows.
    private func checkRows(
        of snapshot: inout StoreSnapshot, _ goesOn: (Int64) -> Bool
    ) throws(StoreError) {
        guard let positions = snapshot.head.positions else { return }
        for page in EventPage(of: positions.lowerBound)...EventPage(of: positions.upperBound) {
            let range = page.positions.clamped(to: positions)
            if snapshot.brokenAt == nil { try checkLines(range, of: &snapshot) }
            snapshot.pages[page] = try digest(of: range)
            guard goesOn(range.upperBound.value - range.lowerBound.value + 1) else { return }
        }
    }

    private func checkLines(
        _ range: ClosedRange<Position>, of snapshot: inout StoreSnapshot
    ) throws(StoreError) {
        let rows = try query(
            "select checked, broken_at from ledger.verify_chain($1, $2, $3)", [origin] + Self.bounds(range))
        snapshot.linesChecked += rows.integer(0, 0) ?? 0
        if let broken = rows.integer(0, 1) { snapshot.brokenAt = Position(broken) }
    }

    /// SHA-256 of the records of `range`, one after the other.
    ///
    /// The rows are sorted before they are aggregated, because sorting the long records themselves takes as
    /// long as all the rest.
    private func digest(of range: ClosedRange<Position>) throws(StoreError) -> [UInt8] {
        let rows = try query(
            """
            select sha256(coalesce(string_agg(record_send(row(\(StoredEvent.columnNames))), ''::bytea), ''))
            from (\(Self.rowsInOrder)) in_order
            """, [origin] + Self.bounds(range))
        guard let digest = rows.bytea(0, 0) else { throw .unreadable("the events of \"\(origin)\"") }
        return digest
    }

    /// Every row in `range` as ``StoredEvent/record()`` has it, in order.
    package func records(
        in range: ClosedRange<Position>
    ) throws(StoreError) -> [(position: Position, record: [UInt8])] {
        let rows = try query(
            """
            select position, record_send(row(\(StoredEvent.columnNames))) from (\(Self.rowsInOrder)) in_order
            """, [origin] + Self.bounds(range))
        var records: [(position: Position, record: [UInt8])] = []
        for row in 0..<rows.rowCount {
            guard let position = rows.integer(row, 0), let record = rows.bytea(row, 1) else {
                throw .unreadable("the events of \"\(origin)\"")
            }
            records.append((Position(position), record))
        }
        return records
    }

    private static let rowsInOrder = """
        select \(StoredEvent.columnNames) from ledger.events
        where origin = $1 and position between $2 and $3 order by position, recorded_at
        """

    private static func bounds(_ range: ClosedRange<Position>) -> [String?] {
        [String(range.lowerBound.value), String(range.upperBound.value)]
    }

    /// The sums of all hours: ended calls and their cost.
    package func totals() throws(StoreError) -> (calls: Int64, cost: Money) {
        let rows = try query(
            "select coalesce(sum(calls), 0), coalesce(sum(cost_usd), 0) from ledger.usage_hourly where origin = $1",
            [origin])
        guard let calls = rows.integer(0, 0), let cost = rows.text(0, 1).flatMap({ try? Money(decimal: $0) })
        else { throw .unreadable("the totals of \"\(origin)\"") }
        return (calls, cost)
    }
}
