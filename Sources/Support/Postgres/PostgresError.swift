/// Why PostgreSQL did not do what it was asked.
package enum PostgresError: Error, Hashable {
    /// No connection could be made; libpq's own words, which name every host it tried.
    case connect(String)
    /// The connection broke while it was in use: what was sent last may or may not have happened.
    case connectionLost(String)
    /// The server refused a statement; the connection goes on.
    case server(ServerMessage)
    /// The caller broke the order of calls, or libpq ran out of memory.
    case client(String)

    /// What the server said about a refused statement.
    package struct ServerMessage: Hashable, Sendable {
        /// The five characters that programs may rely on.
        package var sqlState: String
        /// The primary message.
        package var message: String
        /// More about it, or empty.
        package var detail = ""
        /// What to do, or empty.
        package var hint = ""
        /// Where: for COPY it names the line, or empty.
        package var context = ""
        /// The constraint that was broken, or empty.
        package var constraint = ""
    }

    /// Whether the connection is gone and has to be made anew.
    package var isConnectionLost: Bool {
        switch self {
        case .connect, .connectionLost: true
        // An administrator's or a crash's shutdown: the server closes the connection after it.
        case .server(let message): ["57P01", "57P02", "57P03"].contains(message.sqlState)
        case .client: false
        }
    }

    /// The server's five-character code, where it gave one.
    package var sqlState: String? {
        guard case .server(let message) = self else { return nil }
        return message.sqlState
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connect(let reason): "cannot connect to PostgreSQL: \(reason)"
        case .connectionLost(let reason): "lost the connection to PostgreSQL: \(reason)"
        case .client(let reason): "PostgreSQL client: \(reason)"
        case .server(let said):
            ["\(said.message) (SQLSTATE \(said.sqlState))", said.detail, said.hint, said.context]
                .filter { !$0.isEmpty }.joined(separator: "; ")
        }
    }
}
