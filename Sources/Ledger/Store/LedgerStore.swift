package import LedgerCore
import Postgres

/// The SQL side of one journal: PostgreSQL as the journal's first projection.
///
/// It belongs to the thread that opened it, and blocks. After any error, call
/// ``resume(journalEnd:chainAt:)``: it connects again where needed and says where to go on.
package final class LedgerStore {
    /// The journal whose events it stores.
    package let origin: String
    let connection: PostgresConnection
    private let url: String
    /// The name of the lock that makes it the origin's one ingester, or the one beside it.
    private let lockName: String
    /// Months whose partition is known to be there, as their first days.
    var monthsReady: Set<Day> = []
    /// Whether the session has its incoming tables.
    var isStagingOpen = false
    private var isOriginTaken = false
    /// Set by the first error of the connection: libpq may take it for good a while longer.
    private var isBroken = false

    /// Connects, once, without looking at the schema.
    ///
    /// - Throws: ``StoreError/connection(_:)``.
    package static func open(
        url: String, origin: String, applicationName: String = "dispatch-ledger",
        statementTimeoutMilliseconds: Int = 60_000, isEnding: @escaping @Sendable () -> Bool = { false }
    ) throws(StoreError) -> LedgerStore {
        var options = PostgresOptions(applicationName: applicationName)
        options.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        options.isEnding = isEnding
        return try LedgerStore(
            url: url, options: options, origin: origin, lockName: Self.lockName(of: origin))
    }

    /// Opens a second session for the origin that this one holds: one sends while the other stores.
    ///
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/busy(origin:)``.
    package func openCompanion() throws(StoreError) -> LedgerStore {
        let companion = try LedgerStore(
            url: url, options: connection.options, origin: origin,
            lockName: Self.companionLockName(of: origin))
        try companion.takeOrigin()
        return companion
    }

    private init(
        url: String, options: PostgresOptions, origin: String, lockName: String
    ) throws(StoreError) {
        do { connection = try PostgresConnection.connect(url: url, options: options) } catch {
            throw StoreError(error)
        }
        self.url = url
        self.origin = origin
        self.lockName = lockName
    }

    private static func lockName(of origin: String) -> String { "dispatch-ledger:\(origin)" }
    private static func companionLockName(of origin: String) -> String {
        "dispatch-ledger-beside:\(origin)"
    }

    /// Whether the connection is believed to work.
    package var isConnected: Bool { connection.isConnected && !isBroken }

    /// Becomes the origin's one ingester and finds where to go on.
    ///
    /// - Parameters:
    ///   - journalEnd: the journal's last durable position.
    ///   - chainAt: the journal's chain at a position up to that; at 0 the chain before the first event.
    /// - Returns: the checkpoint; position 0 when nothing is stored yet.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/busy(origin:)``,
    ///   ``StoreError/schema(found:wanted:)``, ``StoreError/ahead(store:journal:)``,
    ///   ``StoreError/foreign(_:)``, ``StoreError/server(_:)``.
    package func resume(
        journalEnd: Position, chainAt: (Position) -> [UInt8]?
    ) throws(StoreError) -> StoreCheckpoint {
        try takeOrigin()
        try requireSchema()
        let stored = try checkpoint()
        let position = stored?.position ?? Position(0)
        guard position <= journalEnd else { throw .ahead(store: position, journal: journalEnd) }
        guard let chain = chainAt(position) else { throw .foreign(position) }
        guard stored == nil || stored?.chain == chain else { throw .foreign(position) }
        return StoreCheckpoint(position: position, chain: chain)
    }

    /// How far the journal is stored; nil when nothing of it is.
    package func checkpoint() throws(StoreError) -> StoreCheckpoint? {
        let rows = try query("select position, chain from ledger.checkpoints where origin = $1", [origin])
        guard rows.rowCount > 0 else { return nil }
        guard let position = rows.integer(0, 0), let chain = rows.bytea(0, 1) else {
            throw .unreadable("the checkpoint of \"\(origin)\"")
        }
        return StoreCheckpoint(position: Position(position), chain: chain)
    }

    /// Connects if need be, ends a transaction that an error left open, and takes the origin's lock.
    ///
    /// The server gives the lock back when the session ends. Getting it, with that of a companion not taken,
    /// therefore also means that nothing an earlier session sent is still on its way: what the checkpoint
    /// says is final.
    ///
    /// - Throws: ``StoreError/busy(origin:)``, ``StoreError/connection(_:)``.
    package func takeOrigin() throws(StoreError) {
        if !isConnected || connection.transactionState == .active {
            isOriginTaken = false
            isStagingOpen = false
            monthsReady = []
            try perform { () throws(PostgresError) in try connection.reconnect() }
            isBroken = false
        }
        if connection.transactionState != .idle { try execute("rollback") }
        guard !isOriginTaken else { return }
        guard try takeLock(lockName) else { throw .busy(origin: origin) }
        isOriginTaken = true
        let companion = Self.companionLockName(of: origin)
        guard lockName != companion else { return }
        guard try takeLock(companion) else {
            _ = try query(Self.unlocking, [lockName])
            isOriginTaken = false
            throw .busy(origin: origin)
        }
        _ = try query(Self.unlocking, [companion])
    }

    private func takeLock(_ name: String) throws(StoreError) -> Bool {
        try query("select pg_try_advisory_lock(hashtextextended($1, 0))", [name]).text(0, 0) == "t"
    }

    private static let unlocking = "select pg_advisory_unlock(hashtextextended($1, 0))"

    /// Whether this session holds the origin's lock.
    var holdsOrigin: Bool { isOriginTaken && isConnected }

    func execute(_ statements: String) throws(StoreError) {
        try perform { () throws(PostgresError) in try connection.execute(statements) }
    }

    func query(_ statement: String, _ parameters: [String?] = []) throws(StoreError) -> PostgresResult {
        try perform { () throws(PostgresError) in try connection.query(statement, parameters) }
    }

    /// Runs `body` and says its error in the store's words.
    func perform<Answer: ~Copyable>(_ body: () throws(PostgresError) -> Answer) throws(StoreError) -> Answer {
        do { return try body() } catch {
            if error.isConnectionLost { isBroken = true }
            throw StoreError(error)
        }
    }

    /// Ends a transaction that an error left open, where there still is a connection.
    func rollBack() throws(StoreError) {
        if isConnected, connection.transactionState != .idle { try execute("rollback") }
    }
}
