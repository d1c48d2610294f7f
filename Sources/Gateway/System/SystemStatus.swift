package import LedgerCore
package import LedgerRuntime

/// How the system is set up and does, as `GET /api/system/info` tells it.
///
/// Nothing in here is secret: of the kernel it has the kind, never its command or address.
package struct SystemStatus: Hashable, Sendable {
    /// The program's version.
    package var version: String
    /// The journal's identity.
    package var origin: String
    /// When the process started.
    package var startedAt: Timestamp
    /// The time now.
    package var now: Timestamp
    /// The services of this process.
    package var services: [String]
    /// The kernel's kind; nil: none is configured.
    package var kernel: String?
    /// The dispatch queue.
    package var queue: Queue
    /// The journal.
    package var journal: Journal
    /// The database; nil: none is configured.
    package var postgres: PostgresReading?
    /// The price book in force, by its hash.
    package var priceBook: String
    /// Open WebSocket connections.
    package var webSocketConnections: Int
    /// When a write counts as durable (`fsync`, `os`).
    package var durability: String
    /// How prompts are recorded (`truncate:500`, `hash`, `off`).
    package var promptPolicy: String

    /// The dispatch queue.
    package struct Queue: Hashable, Sendable {
        /// Runs that wait.
        package var queued: Int
        /// Runs under way.
        package var running: Int
        /// How many may wait.
        package var queueMax: Int
        /// How many may run.
        package var concurrency: Int

        /// Creates a queue's state.
        package init(queued: Int, running: Int, queueMax: Int, concurrency: Int) {
            self.queued = queued
            self.running = running
            self.queueMax = queueMax
            self.concurrency = concurrency
        }
    }

    /// The journal.
    package struct Journal: Hashable, Sendable {
        /// The last durable position.
        package var position: Position
        /// Whether it can be written.
        package var isWritable: Bool

        /// Creates a journal's state.
        package init(position: Position, isWritable: Bool) {
            self.position = position
            self.isWritable = isWritable
        }
    }

    /// Creates a status.
    package init(
        version: String, origin: String, startedAt: Timestamp, now: Timestamp, services: [String],
        kernel: String?, queue: Queue, journal: Journal, postgres: PostgresReading?, priceBook: String,
        webSocketConnections: Int, durability: String, promptPolicy: String
    ) {
        self.version = version
        self.origin = origin
        self.startedAt = startedAt
        self.now = now
        self.services = services
        self.kernel = kernel
        self.queue = queue
        self.journal = journal
        self.postgres = postgres
        self.priceBook = priceBook
        self.webSocketConnections = webSocketConnections
        self.durability = durability
        self.promptPolicy = promptPolicy
    }

    /// Whole seconds since the start; 0 when the clock went back behind it.
    package var uptimeSeconds: Int64 { max(0, (now.microseconds - startedAt.microseconds) / 1_000_000) }
}
