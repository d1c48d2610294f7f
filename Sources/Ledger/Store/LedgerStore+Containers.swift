import LedgerCore
import Postgres

extension LedgerStore {
    /// Lays what a batch did to containers over what is stored, in the order of their handles.
    ///
    /// One session holds the origin, so nobody writes between the read and the write.
    func addContainers(_ containers: [ContainerHandle: StoredContainer]) throws(StoreError) {
        guard !containers.isEmpty else { return }
        var columns = [ArrayText](repeating: ArrayText(), count: 8)
        for (handle, change) in containers.sorted(by: { $0.key < $1.key }) {
            // An empty status: as stored.
            let values: [String] = [
                handle.text, change.container.user.text, change.container.containerID,
                change.container.image, change.isNew ? "t" : "f", change.status?.name ?? "",
                (change.status?.since ?? Timestamp(microseconds: 0)).text, String(change.ooms),
            ]
            for (index, value) in values.enumerated() { columns[index].append(value) }
        }
        _ = try query(Self.addContainersStatement, [origin] + columns.map(\.text))
    }

    private static let addContainersStatement = """
        insert into ledger.containers (origin, handle, user_id, container_id, image, status, changed_at, ooms)
        select $1::text, added.handle, added.user_id, added.container_id, added.image,
          coalesce(nullif(added.status, ''), stored.status, 'running'),
          case when added.status = '' then coalesce(stored.changed_at, added.at) else added.at end,
          case when added.is_new then added.ooms else coalesce(stored.ooms, 0) + added.ooms end
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[],
            $8::timestamptz[], $9::bigint[])
          as added (handle, user_id, container_id, image, is_new, status, at, ooms)
          left join ledger.containers stored on stored.origin = $1::text and stored.handle = added.handle
        on conflict (origin, handle) do update set
          user_id = excluded.user_id, container_id = excluded.container_id, image = excluded.image,
          status = excluded.status, changed_at = excluded.changed_at, ooms = excluded.ooms
        """

    /// Reads the rows of the origin, by handle.
    func containers() throws(StoreError) -> [StoredContainerRow] {
        let rows = try query(
            """
            select handle, user_id, container_id, image, status, ooms from ledger.containers
            where origin = $1 order by handle
            """, [origin])
        var containers: [StoredContainerRow] = []
        for row in 0..<rows.rowCount {
            guard let handle = rows.text(row, 0).flatMap({ ContainerHandle($0) }),
                let user = rows.text(row, 1).flatMap({ UserID($0) }), let containerID = rows.text(row, 2),
                let image = rows.text(row, 3), let status = rows.text(row, 4), let ooms = rows.integer(row, 5)
            else { throw .unreadable("the containers of \"\(origin)\"") }
            let container = ContainerIdentity(
                handle: handle, user: user, containerID: containerID, image: image)
            containers.append(StoredContainerRow(container: container, status: status, ooms: ooms))
        }
        return containers
    }
}
