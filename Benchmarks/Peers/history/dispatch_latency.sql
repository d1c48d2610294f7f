-- A day: how long agent runs took, hour by hour.
select hour, source, dispatches, p50_ms, p95_ms, p99_ms
from ledger.dispatch_latency_hourly
where hour >= :'from'
order by hour, source;
