with spent as (
  select date_trunc('day', recorded_at, 'UTC') as day, user_id,
    coalesce(sum(cost_usd) filter (where billing is distinct from 'proxied'), 0) as cost_usd
  from ledger.events
  where recorded_at >= :'from'
    and type in ('call.settled', 'call.expired', 'call.rejected', 'dispatch.completed', 'usage.reported')
  group by 1, 2
)
select day, user_id, cost_usd
from spent
where user_id in (select user_id from spent group by user_id order by sum(cost_usd) desc, user_id limit 20)
order by day, cost_usd desc, user_id;
