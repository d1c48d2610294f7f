/// The session that has an origin's lock, as the server shows it to every role.
package struct LockHolder: Hashable, Sendable {
    /// The role that it logged in as.
    package let role: String
    /// Its server process.
    package let pid: Int64
    /// What it calls itself.
    package let application: String
    /// Whether the role may ingest at all; one that may not has the lock by mistake, or to harm.
    package let mayIngest: Bool
}

extension LockHolder: CustomStringConvertible {
    package var description: String { "role \(role), pid \(pid), application \"\(application)\"" }
}
