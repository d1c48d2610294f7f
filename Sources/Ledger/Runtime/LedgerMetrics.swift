package import LedgerCore
package import Metrics

/// The ledger's gauges and totals, computed from the published projection at each scrape.
///
/// Nothing is counted beside the log, so the figures survive a restart and equal the sums of the events.
package struct LedgerMetrics: Sendable {
    private let ledger: Ledger
    private let ingest: PostgresIngest?
    private let reads: PostgresReads?
    private let usersMax: Int
    private let build: String

    /// What the users beyond the limit are shown as.
    static let otherUsers = "_other"

    /// Creates the metrics of `ledger`; users beyond the `usersMax` dearest are summed up as `_other`.
    package init(
        _ ledger: Ledger, ingest: PostgresIngest?, reads: PostgresReads? = nil, usersMax: Int, build: String
    ) {
        self.ledger = ledger
        self.ingest = ingest
        self.reads = reads
        self.usersMax = usersMax
        self.build = build
    }

    /// Writes every family of `ledger_…`.
    package func write(to writer: inout ExpositionWriter) {
        let view = ledger.read { $0 }
        let now = ledger.configuration.now()
        let users = RankedUsers(view, now: now, usersMax: usersMax)
        writeUsage(users, to: &writer)
        QuotaMetrics(view, at: now, subjectsMax: usersMax).write(to: &writer)
        ReconciliationMetrics(view.state).write(to: &writer)
        writeUnpriced(view, to: &writer)
        writeJournal(view, to: &writer)
        writePostgres(view, to: &writer)
        writer.family(
            "ledger_series_folded", .gauge, help: "Users beyond the limit, summed up as user=\"_other\".")
        writer.sample([:], .integer(Int64(users.foldedCount)))
        writer.family("ledger_build_info", .gauge, help: "Always 1; the labels say what runs.")
        writer.sample(["version": build, "origin": ledger.configuration.origin], 1)
    }

    private func writeUsage(_ users: RankedUsers, to writer: inout ExpositionWriter) {
        writer.family(
            "ledger_user_cost_usd", .gauge, help: "A user's cost in USD, priced and estimated, by UTC window."
        )
        for row in users.rows {
            writer.sample(["user": row.user, "window": row.window], .money(row.sums.cost))
        }
        writer.family(
            "ledger_user_estimated_usd", .gauge,
            help: "The part of ledger_user_cost_usd that is estimated.")
        for row in users.rows {
            writer.sample(["user": row.user, "window": row.window], .money(row.sums.estimated))
        }
        writer.family(
            "ledger_user_tokens", .gauge,
            help: "A user's tokens by direction and UTC window; cached input included.")
        for row in users.rows {
            writer.sample(
                ["user": row.user, "direction": "input", "window": row.window], .integer(row.sums.inputTokens)
            )
            writer.sample(
                ["user": row.user, "direction": "output", "window": row.window],
                .integer(row.sums.outputTokens))
        }
        writer.family("ledger_user_calls", .gauge, help: "A user's calls by UTC window.")
        for row in users.rows {
            writer.sample(["user": row.user, "window": row.window], .integer(row.sums.calls))
        }
        writer.family("ledger_cost_usd", .gauge, help: "The cost of all users in USD by UTC window.")
        for (window, cost) in users.costs { writer.sample(["window": window], .money(cost)) }
    }

    private func writeUnpriced(_ view: LedgerView, to writer: inout ExpositionWriter) {
        var calls: [String: Int64] = [:]
        for (key, sums) in view.usage.models where sums.unpricedCalls > 0 {
            calls[ModelLabel.of(key.model, provider: key.provider, in: ledger.prices), default: 0] +=
                sums.unpricedCalls
        }
        writer.family(
            "ledger_unpriced_calls", .gauge,
            help: "Calls whose price is not known; each holds its reservation.")
        for (model, count) in calls.sorted(by: { $0.key < $1.key }) {
            writer.sample(["model": model], .integer(count))
        }
    }

    private func writeJournal(_ view: LedgerView, to writer: inout ExpositionWriter) {
        writer.family("ledger_journal_position", .gauge, help: "The last durable position.")
        writer.sample([:], .integer(view.usage.position.value))
        writer.family("ledger_journal_writable", .gauge, help: "1 while the journal can be written.")
        writer.sample([:], view.journal.failure == nil ? 1 : 0)
        writer.family("ledger_journal_sync_seconds", .gauge, help: "How long the last write and sync took.")
        writer.sample([:], .double(Double(view.journal.lastSyncNanoseconds) / 1e9))
        writer.family("ledger_journal_syncs_total", .counter, help: "Syncs by this process.")
        writer.sample([:], .integer(view.journal.syncs))
        writer.family("ledger_journal_events_total", .counter, help: "Events appended by this process.")
        writer.sample([:], .integer(view.journal.events))
        writer.family("ledger_calls_open", .gauge, help: "Calls that are admitted and not ended.")
        writer.sample([:], .integer(Int64(view.state.open.count)))
    }

    private func writePostgres(_ view: LedgerView, to writer: inout ExpositionWriter) {
        guard let status = ingest?.currentStatus else { return }
        writer.family("ledger_postgres_up", .gauge, help: "1 while PostgreSQL takes the journal.")
        writer.sample([:], status.isConnected ? 1 : 0)
        writer.family(
            "ledger_postgres_lag_events", .gauge, help: "Durable events that PostgreSQL does not have yet.")
        writer.sample([:], .integer(status.lagEvents(behind: view.usage.position)))
        if let ingest { writeIngest(ingest.counts.values, to: &writer) }
        writeReads(to: &writer)
        guard let divergence = status.divergence else { return }
        writer.family(
            "ledger_projection_divergence", .gauge,
            help: "Totals that differ between PostgreSQL and the projection; anything but 0 is a fault.")
        writer.sample([:], .integer(divergence))
    }
}

extension LedgerMetrics {
    private func writeIngest(_ counts: IngestCounts.Values, to writer: inout ExpositionWriter) {
        writer.family(
            "ledger_postgres_events_total", .counter, help: "Events that this process stored in PostgreSQL.")
        writer.sample([:], .integer(counts.events))
        writer.family(
            "ledger_postgres_transactions_total", .counter,
            help: "Transactions that they were stored in, one a batch.")
        writer.sample([:], .integer(counts.transactions))
        writer.family(
            "ledger_postgres_batch_seconds", .histogram,
            help: "How long PostgreSQL took for a batch, from its first byte to its commit.")
        writer.histogram([:], counts.seconds)
        writer.family(
            "ledger_postgres_failures_total", .counter, help: "How often the copy did not go on, by reason.")
        for reason in IngestCounts.Reason.allCases {
            writer.sample(["reason": reason.rawValue], .integer(counts.failures[reason] ?? 0))
        }
    }

    private func writeReads(to writer: inout ExpositionWriter) {
        guard let reads else { return }
        writer.family(
            "ledger_postgres_reads_total", .counter,
            help: "Questions about usage put to PostgreSQL by this process, by how they ended.")
        for outcome in PostgresReads.Outcome.allCases {
            writer.sample(["result": outcome.rawValue], .integer(reads.count(of: outcome)))
        }
        writer.family("ledger_postgres_read_seconds_total", .counter, help: "How long they took together.")
        writer.sample([:], .double(reads.seconds))
    }
}

extension MetricValue {
    /// An exact amount of dollars.
    package static func money(_ amount: Money) -> MetricValue { .exact(ExactDecimal(attos: amount.attos)) }
}
