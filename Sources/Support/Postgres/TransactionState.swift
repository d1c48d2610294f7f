/// Where a session is between BEGIN and COMMIT.
package enum TransactionState: Hashable, Sendable {
    /// Between transactions.
    case idle
    /// A statement or a COPY is running.
    case active
    /// In a transaction.
    case open
    /// In a transaction that can only be rolled back.
    case failed
    /// The connection is bad.
    case unknown
}
