create or replace view ledger.dispatch_latency_hourly with (security_invoker = true) as
select date_trunc('hour', recorded_at, 'UTC') as hour, source, count(*) as dispatches,
  count(*) filter (where result is distinct from 'ok') as failed,
  percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by duration_ms) as p99_ms
from ledger.events
where type = 'dispatch.completed'
group by 1, 2;
comment on view ledger.dispatch_latency_hourly is 'How long agent runs took, by hour and source.';
grant select on ledger.dispatch_latency_hourly to ledger_reader, ledger_writer;
