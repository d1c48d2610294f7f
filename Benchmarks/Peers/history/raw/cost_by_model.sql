select date_trunc('day', recorded_at, 'UTC') as day, provider, model,
  count(*) filter (where type <> 'call.rejected') as calls, coalesce(sum(cost_usd), 0) as cost_usd
from ledger.events
where recorded_at >= :'from'
  and type in ('call.settled', 'call.expired', 'call.rejected')
group by 1, 2, 3
order by day, cost_usd desc, provider, model;
