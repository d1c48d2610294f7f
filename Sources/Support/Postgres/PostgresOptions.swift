/// How a connection is made and how long anything on it may take.
///
/// What the URL itself says wins over the connection part of these (everything but the two server timeouts).
package struct PostgresOptions: Sendable {
    /// Shown in `pg_stat_activity`.
    package var applicationName: String
    /// For each host tried.
    package var connectTimeoutSeconds = 5
    /// The longest a statement may run on the server; 0 is without end.
    package var statementTimeoutMilliseconds = 60_000
    /// The longest a statement may wait for a lock; 0 is without end.
    package var lockTimeoutMilliseconds = 5_000
    /// How long sent bytes may stay unanswered before the connection counts as lost.
    package var silenceTimeoutMilliseconds = 15_000
    /// Only a server that accepts writes: of several hosts, the primary.
    package var needsWrites = true

    /// Whether the program is to end: an answer is then waited for a few seconds more, no longer.
    package var isEnding: @Sendable () -> Bool = { false }

    /// Creates the defaults.
    package init(applicationName: String) { self.applicationName = applicationName }

    /// How long an answer may take: what the server may need for it, and the silence of a line.
    ///
    /// Nil is without end.
    var answerTimeoutMilliseconds: Int? {
        statementTimeoutMilliseconds > 0 ? statementTimeoutMilliseconds + silenceTimeoutMilliseconds : nil
    }

    /// libpq keywords that the URL may override: they stand before it.
    var defaults: [(String, String)] {
        [
            ("application_name", applicationName),
            ("connect_timeout", String(connectTimeoutSeconds)),
            ("keepalives", "1"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "3"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", String(silenceTimeoutMilliseconds)),
            ("target_session_attrs", needsWrites ? "read-write" : "any"),
        ]
    }

    /// Server settings of the session; the last ones make the server notice a client that vanished.
    var session: [(String, String)] {
        [
            ("statement_timeout", String(statementTimeoutMilliseconds)),
            ("lock_timeout", String(lockTimeoutMilliseconds)),
            ("idle_in_transaction_session_timeout", "60000"),
            ("default_transaction_isolation", "read committed"),
            ("TimeZone", "UTC"),
            ("DateStyle", "ISO, YMD"),
            ("bytea_output", "hex"),
            // What is sent to a temporary table stays in memory; taken only where there is one.
            ("temp_buffers", "64MB"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "3"),
            ("tcp_keepalives_count", "3"),
            // Also in the middle of a statement, which would hold its locks to the end.
            ("client_connection_check_interval", "10s"),
        ]
    }
}
