import LedgerCore
import Postgres

extension LedgerStore {
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

extension StoredContainer {
    /// The changes as `ledger.ingest` takes them: without a status where it stays as it is stored.
    static func json(_ containers: [ContainerHandle: StoredContainer]) -> String {
        JSONRows.text(containers.sorted { $0.key < $1.key }) { row, change in
            let (handle, stored) = change
            row.field("handle", handle.text)
            row.field("user_id", stored.container.user.text)
            row.field("container_id", stored.container.containerID)
            row.field("image", stored.container.image)
            row.flag("is_new", stored.isNew)
            row.field("status", stored.status?.name)
            if let since = stored.status?.since { row.field("changed_at", since) }
            row.field("ooms", stored.ooms)
        }
    }
}
