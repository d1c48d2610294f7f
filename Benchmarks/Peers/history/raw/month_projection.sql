select user_id, cost_usd,
  round(cost_usd / (extract(epoch from greatest(now() - month, interval '1 hour'))
    / extract(epoch from date_trunc('month', month + interval '32 days', 'UTC') - month)), 6) as projected_usd
from (
  select user_id, date_trunc('month', now(), 'UTC') as month,
    coalesce(sum(cost_usd) filter (where billing is distinct from 'proxied'), 0) as cost_usd
  from ledger.events
  where recorded_at >= date_trunc('month', now(), 'UTC')
    and type in ('call.settled', 'call.expired', 'call.rejected', 'dispatch.completed', 'usage.reported')
  group by user_id
) so_far
order by projected_usd desc, user_id
limit 50;
