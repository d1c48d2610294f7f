select date_trunc('hour', recorded_at, 'UTC') as hour,
  coalesce(sum(input_tokens) filter (where billing is distinct from 'proxied'), 0) as input_tokens,
  coalesce(sum(output_tokens) filter (where billing is distinct from 'proxied'), 0) as output_tokens
from ledger.events
where recorded_at >= :'from'
  and type in ('call.settled', 'call.expired', 'call.rejected', 'dispatch.completed', 'usage.reported')
group by 1
order by 1;
