/// How the copy in PostgreSQL does, for people.
package struct PostgresReading: Hashable, Sendable {
    /// Whether it takes the journal.
    package var isConnected: Bool
    /// Durable events that it does not have yet.
    package var lagEvents: Int64

    /// Creates a reading.
    package init(isConnected: Bool, lagEvents: Int64) {
        self.isConnected = isConnected
        self.lagEvents = lagEvents
    }
}
