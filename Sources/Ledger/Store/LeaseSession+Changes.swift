package import LedgerCore
import Postgres

/// An event of another journal that changed limits or groups.
package struct OtherChange: Sendable {
    /// The other journal.
    package let origin: String
    /// Where it is there.
    package let position: Position
    /// Its line.
    package let line: [UInt8]
}

/// What journals that share limits tell each other.
extension LeaseSession {
    /// Makes the journal one of those that share limits, if it is none.
    package func join() throws(StoreError) {
        _ = try query(
            "insert into ledger.sharing_journals (origin) values ($1) on conflict (origin) do nothing",
            [origin])
    }

    /// The changes of limits and groups that were made in other journals that share limits, each journal's in
    /// order.
    ///
    /// - Parameters:
    ///   - places: what is known of each journal; another is read from its beginning.
    ///   - limit: at most so many of one journal.
    /// - Returns: the changes, by journal.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``.
    package func changes(
        after places: [String: Position], limit: Int
    ) throws(StoreError) -> [OtherChange] {
        let known = JSONRows.text(places.sorted { $0.key < $1.key }) { row, place in
            row.field("origin", place.key)
            row.field("position", place.value.value)
        }
        let rows = try query(
            """
            select sharing.origin, change.position, change.line
            from ledger.sharing_journals sharing
            left join jsonb_to_recordset($2::jsonb) known (origin text, position bigint)
              on known.origin = sharing.origin
            cross join lateral (
              select position, line from ledger.events
              where events.origin = sharing.origin and events.position > coalesce(known.position, 0)
                and type in ('quota.set', 'quota.removed', 'group.joined', 'group.left')
                and details ->> 'by' <> 'default' and not details ? 'copiedFrom'
              order by position limit $3
            ) change
            where sharing.origin <> $1
            order by sharing.origin, change.position
            """, [origin, known, String(limit)])
        var changes: [OtherChange] = []
        for row in 0..<rows.rowCount {
            guard let other = rows.text(row, 0), let position = rows.integer(row, 1),
                let line = rows.bytes(row, 2)
            else { throw .unreadable("changes of limits") }
            changes.append(OtherChange(origin: other, position: Position(position), line: line))
        }
        return changes
    }
}
