create or replace view ledger.dispatch_latency_hourly with (security_invoker = true) as
select hours.hour, source, count(*) as dispatches,
  count(*) filter (where result is distinct from 'ok') as failed,
  percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by duration_ms) as p99_ms
from (select bucket as hour from ledger.usage_by_model_hourly where kind = 'dispatch' group by bucket) hours
  join ledger.events on type = 'dispatch.completed'
    and recorded_at >= hours.hour and recorded_at < hours.hour + interval '1 hour'
group by 1, 2;
comment on view ledger.dispatch_latency_hourly is
  'How long agent runs took, by UTC hour and source, exactly: filter on hour. Each hour that has runs is a range of recorded_at, so that a filter on it reads no other.';
comment on column ledger.dispatch_latency_hourly.hour is 'The start of the hour (UTC) in which the runs ended.';
comment on column ledger.dispatch_latency_hourly.source is 'Where the runs came from.';
comment on column ledger.dispatch_latency_hourly.dispatches is 'How many ended.';
comment on column ledger.dispatch_latency_hourly.failed is 'How many of them did not end ok.';
comment on column ledger.dispatch_latency_hourly.p50_ms is 'The median duration, in milliseconds.';
comment on column ledger.dispatch_latency_hourly.p95_ms is '95 of 100 took no longer, in milliseconds.';
comment on column ledger.dispatch_latency_hourly.p99_ms is '99 of 100 took no longer, in milliseconds.';
grant select on ledger.dispatch_latency_hourly to ledger_reader, ledger_writer;
