import LedgerStore
import Testing

import TestSupport

/// What people and dashboards read: all of it explained, and a range of time found by an index.
@Suite("Views")
struct ViewTests {
    /// Every view.
    static let names = [
        "audit_log", "budget_shares", "cost_adjustments", "cost_as_billed_daily", "cost_by_model",
        "cost_by_model_daily",
        "cost_by_user", "cost_by_user_daily",
        "cost_daily", "cost_monthly", "dispatch_cost", "dispatch_latency_hourly", "month_projection",
        "quota_utilization", "tokens_by_model_hourly", "tokens_hourly", "unpriced_calls",
    ]
    /// Those whose sums are all the money that there is.
    static let ofMoney = [
        "cost_by_model", "cost_by_model_daily", "cost_by_user", "cost_by_user_daily", "cost_daily",
        "tokens_by_model_hourly", "tokens_hourly",
    ]

    @Test("these are all views, and each of their columns has a comment")
    func comments() throws {
        let database = try TestDatabase()
        let ofViews = "relnamespace = 'ledger'::regnamespace and relkind = 'v'"
        #expect(
            try database.column("select relname from pg_class where \(ofViews) order by 1") == Self.names)
        let silent = try database.rows(
            """
            select relname, attname from pg_class c join pg_attribute on attrelid = c.oid and attnum > 0
            where \(ofViews) and col_description(c.oid, attnum) is null
            """)
        #expect(silent == [])
    }

    /// Seven months of days, two of hours and of events: two hundred users, an agent run every ten minutes.
    private static func filled() throws -> TestDatabase {
        let database = try TestDatabase()
        try database.run(
            """
            select ledger.ensure_partition(at) from unnest('{2026-10-01Z,2026-11-01Z}'::timestamptz[]) at;
            insert into ledger.usage_daily (origin, user_id, bucket, kind, provider, model, calls, cost_usd)
            select 'here', 'user-' || number, day, 'call', 'p', 'm', 1, 0.01
            from generate_series(1, 200) number,
              generate_series(timestamptz '2026-05-01Z', '2026-11-30Z', '24 hours') day;
            insert into ledger.usage_hourly (origin, user_id, bucket, kind, provider, model, dispatches)
            select 'here', 'user-' || number, hour, kind, 'p', 'm', 1
            from generate_series(1, 10) number, unnest('{call,dispatch}'::text[]) kind,
              generate_series(timestamptz '2026-10-01Z', '2026-11-30 23:00Z', '1 hour') hour;
            insert into ledger.usage_by_user_daily (origin, user_id, bucket, calls, cost_usd)
            select origin, user_id, bucket, sum(calls), sum(cost_usd) from ledger.usage_daily group by 1, 2, 3;
            insert into ledger.usage_by_user_monthly (origin, user_id, bucket, calls, cost_usd)
            select origin, user_id, date_trunc('month', bucket, 'UTC'), sum(calls), sum(cost_usd)
            from ledger.usage_daily group by 1, 2, 3;
            insert into ledger.usage_by_model_hourly (origin, bucket, kind, source, provider, model, dispatches)
            select origin, bucket, kind, 'source-' || number, provider, model, sum(dispatches)
            from ledger.usage_hourly, generate_series(1, 20) number group by 1, 2, 3, 4, 5, 6;
            insert into ledger.usage_by_model_daily (origin, bucket, kind, source, provider, model, dispatches)
            select origin, date_trunc('day', bucket, 'UTC'), kind, source, provider, model, sum(dispatches)
            from ledger.usage_by_model_hourly group by 1, 2, 3, 4, 5, 6;
            insert into ledger.events (origin, position, recorded_at, id, type, user_id, call_id, dispatch_id,
              source, result, duration_ms, cost_usd, billing, chain, line)
            select 'here', number, timestamptz '2026-10-01Z' + number * interval '1 minute',
              gen_random_uuid(), case number % 10 when 9 then 'dispatch.completed' else 'call.settled' end,
              'user-' || number / 10 % 40, 'c' || number, 'd' || number / 10, 'web', 'ok', number % 1000,
              0.01, 'proxied', sha256('x'), repeat('x', 300)
            from generate_series(1, 87000) number;
            """)
        // Not in the transaction of the others: from here on the index alone tells which rows are there.
        for table in ["events"] + RollupTable.allCases.map(\.name) {
            try database.run("vacuum analyze ledger.\(table)")
        }
        return database
    }

    /// A question, what its plan has to say, and what it must not say.
    static let questions: [(question: String, wanted: [String], unwanted: String)] = [
        (
            "select day, sum(cost_usd) from ledger.cost_daily where day >= '2026-11-20Z' group by day",
            ["usage_daily_by_time", "Index Cond: (bucket >="], "Seq Scan"
        ),
        (
            "select sum(cost_usd) from ledger.cost_daily where user_id = 'user-3' and day >= '2026-06-01Z'",
            ["usage_daily_by_user", "Index Cond: ((user_id = 'user-3'::text) AND (bucket >="], "Seq Scan"
        ),
        (
            "select * from ledger.cost_by_user where user_id = 'user-3'",
            ["usage_by_user_daily_of_user", "Index Cond: (user_id = 'user-3'::text)"], "Seq Scan"
        ),
        (
            "select day, sum(cost_usd) from ledger.cost_by_user_daily where day >= '2026-11-20Z' group by day",
            ["usage_by_user_daily_pkey", "Index Cond: (bucket >="], "Seq Scan"
        ),
        (
            "select sum(cost_usd) from ledger.cost_by_user_daily "
                + "where user_id = 'user-3' and day >= '2026-06-01Z'",
            ["usage_by_user_daily_of_user", "Index Cond: ((user_id = 'user-3'::text) AND (bucket >="],
            "Seq Scan"
        ),
        (
            "select * from ledger.cost_by_model_daily where day >= '2026-11-28Z'",
            ["usage_by_model_daily_pkey", "Index Cond: (bucket >="], "Seq Scan"
        ),
        (
            "select * from ledger.tokens_by_model_hourly where hour >= '2026-11-28Z'",
            ["usage_by_model_hourly_pkey", "Index Cond: (bucket >="], "Seq Scan"
        ),
        (
            "select * from ledger.cost_monthly where month = '2026-10-01Z'",
            ["usage_daily_by_time", "Index Cond: ((bucket >="], "Seq Scan on usage_daily"
        ),
        (
            "select * from ledger.tokens_hourly where hour >= '2026-11-28Z'",
            ["usage_by_time", "Index Cond: (bucket >="], "Seq Scan"
        ),
        (
            "select * from ledger.dispatch_latency_hourly "
                + "where hour >= '2026-11-20Z' and hour < '2026-11-21Z'",
            [
                "Index Only Scan using usage_by_model_hourly_pkey",
                "Index Only Scan using events_2026_11_recorded_at_source_result_duration_ms_idx",
                "Index Only Scan using events_2026_10_recorded_at_source_result_duration_ms_idx on "
                    + "events_2026_10 events_1 (never executed)", "Index Cond: ((recorded_at >=",
            ], "Seq Scan on usage_by_model_hourly"
        ),
        (
            "select * from ledger.dispatch_cost where recorded_at >= '2026-11-20Z' "
                + "and recorded_at < '2026-11-21Z'",
            ["Index Cond: ((recorded_at >=", "Index Cond: ((dispatch_id = run.dispatch_id)"],
            "on events_2026_10 run"
        ),
        (
            "select * from ledger.dispatch_cost where dispatch_id = 'd100'",
            ["Index Cond: (dispatch_id = 'd100'::text)"], "Seq Scan on events_2026_10"
        ),
        (
            "select * from ledger.audit_log "
                + "where recorded_at >= '2026-10-20Z' and recorded_at < '2026-10-21Z'",
            ["Index Cond: ((recorded_at >="], "events_2026_11"
        ),
        (
            "select * from ledger.audit_log where user_id = 'user-3' and recorded_at >= '2026-11-20Z'",
            ["Index Cond: ((user_id = 'user-3'::text) AND (recorded_at >="], "events_2026_10"
        ),
        ("select * from ledger.unpriced_calls", ["usage_daily_unpriced"], "Seq Scan"),
        (
            "select * from ledger.month_projection",
            ["usage_by_user_monthly_pkey", "Index Cond: (bucket = date_trunc('month'"], "Seq Scan"
        ),
        (
            "select * from ledger.quota_utilization",
            [
                "usage_by_user_daily_pkey", "usage_by_user_monthly_pkey",
                "Index Cond: (bucket = date_trunc('day'",
            ],
            "Seq Scan on usage_by"
        ),
    ]

    @Test(
        "a range of time, a user or a run reaches an index beneath every view, and only the months it is in")
    func plans() throws {
        let database = try Self.filled()
        for (question, wanted, unwanted) in Self.questions {
            let plan = try database.column(
                "explain (analyze, costs off, timing off, summary off) \(question)", as: "ledger_reader")
            let text = plan.compactMap { $0 }.joined(separator: "\n")
            for part in wanted { #expect(text.contains(part), "\(question): no \(part) in\n\(text)") }
            #expect(!text.contains(unwanted), "\(question): \(unwanted) in\n\(text)")
        }
        try Self.checkFigures(database)
    }

    /// What the views say of that history is what it holds.
    private static func checkFigures(_ database: TestDatabase) throws {
        func value(_ sql: String) throws -> String? { try database.value(sql, as: "ledger_reader") }
        let october = "select sum(cost_usd) from ledger.cost_monthly where month = '2026-10-01Z'"
        #expect(try value(october) == "62.000000000000000000")
        #expect(
            try value(
                "select string_agg(distinct (month at time zone 'UTC')::text, ' ') from ledger.cost_monthly "
                    + "where month >= '2026-10-01Z'") == "2026-10-01 00:00:00 2026-11-01 00:00:00")
        #expect(
            try value("select sum(cost_usd) from ledger.cost_monthly")
                == value("select sum(cost_usd) from ledger.cost_daily"))
        #expect(try value("select sum(dispatches) from ledger.dispatch_latency_hourly") == "8700")
        let hour = "from ledger.dispatch_latency_hourly where hour = '2026-10-01 01:00Z'"
        #expect(
            try database.row("select dispatches, failed, p50_ms, p99_ms \(hour)", as: "ledger_reader")
                == ["6", "0", "94", "118.5"])
    }
}
