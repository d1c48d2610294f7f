import CPostgres

/// One blocking libpq connection.
///
/// It belongs to the thread that made it. No statement's text ever contains a value: values travel as
/// parameters or by COPY.
package struct PostgresConnection: ~Copyable {
    let raw: OpaquePointer
    /// How it was made.
    package let options: PostgresOptions

    /// Connects, trying the URL's hosts in order.
    ///
    /// - Parameters:
    ///   - url: a libpq URI or keyword string.
    ///   - options: what the URL does not say.
    /// - Returns: a connection whose session has the options' settings.
    /// - Throws: ``PostgresError/connect(_:)``, or what the server said to the session's settings.
    package static func connect(
        url: String, options: PostgresOptions
    ) throws(PostgresError) -> PostgresConnection {
        // Keywords before the URL are its defaults, those after it win over it.
        let pairs = options.defaults + [("dbname", url), ("client_encoding", "UTF8")]
        let handle = withCStrings(pairs.map { $0.0 }) { keywords in
            withCStrings(pairs.map { $0.1 }) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let handle else { throw .client("out of memory") }
        let connection = PostgresConnection(raw: handle, options: options)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        guard connection.isConnected else { throw .connect(connection.connectionMessage()) }
        try connection.applySessionSettings()
        return connection
    }

    private init(raw: OpaquePointer, options: PostgresOptions) {
        self.raw = raw
        self.options = options
    }

    deinit { PQfinish(raw) }

    /// Whether libpq still believes in the connection.
    package var isConnected: Bool { PQstatus(raw) == CONNECTION_OK }

    /// The server process, as `pg_stat_activity` names it.
    package var backendID: Int64 { Int64(PQbackendPID(raw)) }

    /// Where the session is between BEGIN and COMMIT, as the server last said.
    package var transactionState: TransactionState {
        switch PQtransactionStatus(raw) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Closes whatever is left of the connection and makes it anew, from the same URL; not for a program that
    /// is to end.
    package func reconnect() throws(PostgresError) {
        guard !options.isEnding() else { throw .connect("the program ends") }
        PQreset(raw)
        guard isConnected else { throw .connect(connectionMessage()) }
        try applySessionSettings()
    }

    /// Runs statements without parameters, several if `sql` has several, and drops their rows.
    package func execute(_ sql: String) throws(PostgresError) {
        let answer = try answer { PQsendQuery($0, sql) }
        _ = try result(answer, expecting: PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY)
    }

    /// Runs one statement; `$1`… take `parameters` in their text form, nil as NULL.
    package func query(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> PostgresResult {
        guard parameters.allSatisfy({ $0?.utf8.contains(0) != true }) else {
            throw .client("a parameter holds a zero byte, which PostgreSQL's text cannot")
        }
        let answer = try answer { raw in
            withCStrings(parameters) { values in
                PQsendQueryParams(raw, sql, CInt(parameters.count), nil, values, nil, nil, 0)
            }
        }
        return try result(answer, expecting: PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    }

    /// Starts a `COPY … FROM STDIN`; send rows with ``put(_:)`` and finish with ``endCopy()``.
    package func beginCopy(_ sql: String) throws(PostgresError) {
        let answer = try answer { PQsendQuery($0, sql) }
        _ = try result(answer, expecting: PGRES_COPY_IN)
    }

    /// Sends more of the rows of a COPY; the cut between chunks may be anywhere.
    package func put(_ bytes: borrowing [UInt8]) throws(PostgresError) {
        var sent: CInt = 1
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            // Bounded pieces: the length is a C int, and libpq's buffer grows to the piece.
            while !rest.isEmpty, sent == 1 {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.copyPieceBytesMax))
                sent = PQputCopyData(
                    raw, piece.assumingMemoryBound(to: CChar.self).baseAddress, CInt(piece.count))
                rest = rest.dropFirst(piece.count)
            }
        }
        guard sent == 1 else {
            throw isConnected ? .client(connectionMessage()) : .connectionLost(connectionMessage())
        }
    }

    /// Ends a COPY.
    ///
    /// - Returns: how many rows the server took.
    /// - Throws: what the server found wrong with any of the rows.
    package func endCopy() throws(PostgresError) -> Int {
        guard PQputCopyEnd(raw, nil) == 1 else { throw .connectionLost(connectionMessage()) }
        return try result(try lastResult(), expecting: PGRES_COMMAND_OK).affectedRows
    }

    /// Gives up a COPY, so that none of its rows count.
    package func cancelCopy() {
        PQputCopyEnd(raw, "given up by the client")
        if let answer = try? lastResult() { PQclear(answer) }
    }

    private static let copyPieceBytesMax = 1 << 20

    private func applySessionSettings() throws(PostgresError) {
        // One round trip; the names are ours, the values are parameters.
        let settings = options.session
        let calls = settings.indices.map { "set_config($\($0 * 2 + 1), $\($0 * 2 + 2), false)" }
        _ = try query("select " + calls.joined(separator: ", "), settings.flatMap { [$0.0, $0.1] })
    }

    func connectionMessage() -> String { trimmed(PQerrorMessage(raw)) }

    private func result(
        _ answer: OpaquePointer?, expecting expected: ExecStatusType...
    ) throws(PostgresError) -> PostgresResult {
        guard let answer else { throw .connectionLost(connectionMessage()) }
        let status = PQresultStatus(answer)
        if expected.contains(status) { return PostgresResult(answer) }
        defer { PQclear(answer) }
        let said = PostgresError.ServerMessage(answer)
        // Without a code the message is libpq's own: the connection broke, although PQstatus may notice only
        // later.
        guard !said.sqlState.isEmpty else { throw .connectionLost(said.message) }
        throw .server(said)
    }
}
