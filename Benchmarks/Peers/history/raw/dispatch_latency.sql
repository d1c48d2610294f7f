select date_trunc('hour', recorded_at, 'UTC') as hour, source, count(*) as dispatches,
  percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by duration_ms) as p99_ms
from ledger.events
where type = 'dispatch.completed' and recorded_at >= :'from'
group by 1, 2
order by 1, 2;
