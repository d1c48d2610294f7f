package import LedgerCore
import Postgres

/// One journal's session with PostgreSQL about budgets that journals share.
///
/// It belongs to the thread that opened it, and blocks. After any error, drop it and open another: having the
/// journal's lock means that nothing an earlier session sent is still on its way.
package final class LeaseSession {
    private let connection: PostgresConnection
    let origin: String
    private let leaseSeconds: Int

    /// How long a statement may take; calls wait for it.
    private static let answerMilliseconds = 3_000

    /// Connects and takes the journal's lock.
    ///
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/busy(origin:holder:)``,
    ///   ``StoreError/server(_:)``.
    package init(
        url: String, origin: String, leaseSeconds: Int, isEnding: @escaping @Sendable () -> Bool
    ) throws(StoreError) {
        var options = PostgresOptions(applicationName: "dispatch-ledger-leases")
        options.statementTimeoutMilliseconds = Self.answerMilliseconds
        options.lockTimeoutMilliseconds = Self.answerMilliseconds * 2 / 3
        options.silenceTimeoutMilliseconds = Self.answerMilliseconds
        options.connectTimeoutSeconds = 2
        options.isEnding = isEnding
        self.origin = origin
        self.leaseSeconds = leaseSeconds
        do throws(PostgresError) {
            connection = try PostgresConnection.connect(url: url, options: options)
        } catch { throw StoreError(error) }
        do throws(StoreError) {
            // The server may need a moment to see that a session before this one has ended.
            _ = try query(
                "select pg_advisory_lock(hashtextextended($1, 0))", ["dispatch-ledger-leases:\(origin)"])
        } catch {
            guard case .server(let said) = error, said.sqlState == "55P03" else { throw error }
            throw .busy(origin: origin, holder: nil)
        }
    }

    /// Claims leases, all in one transaction.
    ///
    /// - Returns: an answer a claim, in order.
    /// - Throws: ``StoreError/connection(_:)``, ``StoreError/server(_:)``, ``StoreError/unreadable(_:)``; the
    ///   claims may have been granted all the same.
    package func set(_ claims: [LeaseClaim]) throws(StoreError) -> [LeaseAnswer] {
        guard !claims.isEmpty else { return [] }
        let rows = try query(
            "select place, leased, idle_elsewhere from ledger.set_leases($1, $2, $3) order by place",
            [origin, LeaseClaim.json(claims), String(leaseSeconds)])
        guard rows.rowCount == claims.count else { throw .unreadable("leases") }
        var answers: [LeaseAnswer] = []
        for (row, claim) in claims.enumerated() {
            let measure = claim.key.measure
            guard let leased = rows.text(row, 1).flatMap({ measure.amount($0) }),
                let idle = rows.text(row, 2).flatMap({ measure.amount($0) })
            else { throw .unreadable("leases") }
            answers.append(LeaseAnswer(leased: leased, idleElsewhere: idle))
        }
        return answers
    }

    /// What the journal holds of windows that are not over, and of which limits.
    package func known() throws(StoreError) -> [LeaseKey: (leased: Int128, limit: Int128)] {
        let rows = try query(
            """
            select user_id, measure, period, to_char(ends_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), leased,
              limit_amount
            from ledger.budget_leases where origin = $1 and ends_at > now()
            """, [origin])
        var found: [LeaseKey: (leased: Int128, limit: Int128)] = [:]
        for row in 0..<rows.rowCount {
            guard let subject = rows.text(row, 0).flatMap({ QuotaSubject($0) }),
                let measure = rows.text(row, 1).flatMap({ LimitMeasure(rawValue: $0) }),
                let window = rows.text(row, 2).flatMap({ LimitWindow(rawValue: $0) }),
                let end = rows.text(row, 3).flatMap({ Timestamp($0.utf8) }),
                let leased = rows.text(row, 4).flatMap({ measure.amount($0) }),
                let limit = rows.text(row, 5).flatMap({ measure.amount($0) })
            else { throw .unreadable("leases") }
            let key = LeaseKey(subject: subject, measure: measure, window: window, windowEnd: end)
            found[key] = (leased, limit)
        }
        return found
    }

    /// Deletes what the journal holds of `subjects`' limits, but for the windows of `kept`.
    package func drop(_ subjects: [QuotaSubject], but kept: [LeaseKey]) throws(StoreError) {
        guard !subjects.isEmpty else { return }
        let users = JSONRows.text(subjects) { row, subject in row.field("user_id", subject.column) }
        let claims = kept.map { LeaseClaim(key: $0, limit: 0, held: 0, inUse: 0) }
        _ = try query(
            "select ledger.drop_leases($1, $2, $3)", [origin, users, LeaseClaim.json(claims)])
    }

    /// Deletes windows that ended before `time`, some thousands at most, with everybody's leases of them.
    ///
    /// - Returns: whether there may be more.
    package func forget(before time: Timestamp) throws(StoreError) -> Bool {
        try query("select ledger.forget_leases($1)", [time.text]).text(0, 0) == "t"
    }

    func query(
        _ statement: String, _ parameters: [String?]
    ) throws(StoreError) -> PostgresResult {
        do { return try connection.query(statement, parameters) } catch { throw StoreError(error) }
    }
}
