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
    /// Told of each commit whose answer was lost, and which the server had done all the same.
    package var onDoubtResolved: (Position) -> Void = { _ in }
    /// Whether the session has found the schema to be this program's.
    var isSchemaRight = false
    private var isOriginTaken = false
    /// Set by the first error of the connection: libpq may take it for good a while longer.
    private var isBroken = false

    /// The limit of a statement that a person waits for, however long the server takes: none.
    package static let unlimited = 0

    /// Connects, once, without looking at the schema.
    ///
    /// A statement that is to run for longer than `statementTimeoutMilliseconds` needs a session that allows
    /// it: this side waits no longer either.
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
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/busy(origin:holder:)``.
    package func openCompanion() throws(StoreError) -> LedgerStore {
        let companion = try LedgerStore(
            url: url, options: connection.options, origin: origin,
            lockName: Self.companionLockName(of: origin))
        companion.onDoubtResolved = onDoubtResolved
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
    ///   - chainAt: the journal's chain at a position up to that; at 0 the chain before the first event. It
    ///     throws ``StoreError/journal(at:_:)`` where the journal cannot be read.
    /// - Returns: the checkpoint; position 0 when nothing is stored yet.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/busy(origin:holder:)``,
    ///   ``StoreError/schema(found:wanted:)``, ``StoreError/objects(differing:)``,
    ///   ``StoreError/ahead(store:journal:)``, ``StoreError/foreign(_:)``, ``StoreError/server(_:)``.
    package func resume(
        journalEnd: Position, chainAt: (Position) throws(StoreError) -> [UInt8]?
    ) throws(StoreError) -> StoreCheckpoint {
        try takeOrigin()
        try requireSchema()
        let stored = try checkpoint()
        let position = stored?.position ?? Position(0)
        guard position <= journalEnd else { throw .ahead(store: position, journal: journalEnd) }
        guard let chain = try chainAt(position) else { throw .foreign(position) }
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
    /// - Throws: ``StoreError/busy(origin:holder:)``, ``StoreError/connection(_:)``.
    package func takeOrigin() throws(StoreError) {
        if !isConnected || connection.transactionState == .active {
            isOriginTaken = false
            isStagingOpen = false
            monthsReady = []
            isSchemaRight = false
            try perform { () throws(PostgresError) in try connection.reconnect() }
            isBroken = false
        }
        if connection.transactionState != .idle { try execute("rollback") }
        guard !isOriginTaken else { return }
        guard try takeLock(lockName) else { throw .busy(origin: origin, holder: try lockHolder(lockName)) }
        isOriginTaken = true
        let companion = Self.companionLockName(of: origin)
        guard lockName != companion else { return }
        guard try takeLock(companion) else {
            _ = try query(Self.unlocking, [lockName])
            isOriginTaken = false
            throw .busy(origin: origin, holder: try lockHolder(companion))
        }
        _ = try query(Self.unlocking, [companion])
    }

    private func takeLock(_ name: String) throws(StoreError) -> Bool {
        try query("select pg_try_advisory_lock(hashtextextended($1, 0))", [name]).text(0, 0) == "t"
    }

    private static let unlocking = "select pg_advisory_unlock(hashtextextended($1, 0))"

    /// Who has the lock; nil when it was given back meanwhile.
    private func lockHolder(_ name: String) throws(StoreError) -> LockHolder? {
        let rows = try query(
            """
            select a.usename, a.pid, a.application_name,
              coalesce(has_function_privilege(a.usesysid, to_regprocedure('ledger.open_ingest()'), 'execute'), true)
            from pg_locks l join pg_stat_activity a using (pid), hashtextextended($1, 0) as key
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
              and l.database = (select oid from pg_database where datname = current_database())
              and l.classid::bigint = key >> 32 & 4294967295 and l.objid::bigint = key & 4294967295
            """, [name])
        guard rows.rowCount > 0, let role = rows.text(0, 0), let pid = rows.integer(0, 1) else { return nil }
        return LockHolder(
            role: role, pid: pid, application: rows.text(0, 2) ?? "", mayIngest: rows.text(0, 3) == "t")
    }

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
