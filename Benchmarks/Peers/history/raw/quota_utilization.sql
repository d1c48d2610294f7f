with used as (
  select user_id, recorded_at >= date_trunc('day', now(), 'UTC') as is_today,
    coalesce(sum(cost_usd) filter (where billing is distinct from 'proxied'), 0)
      + coalesce(sum((details ->> 'heldUsd')::numeric) filter (where billing is distinct from 'proxied'), 0)
      as used_usd,
    coalesce(sum(input_tokens + output_tokens) filter (where billing is distinct from 'proxied'), 0) as tokens
  from ledger.events
  where recorded_at >= date_trunc('month', now(), 'UTC')
    and type in ('call.settled', 'call.expired', 'call.rejected', 'dispatch.completed', 'usage.reported')
  group by 1, 2
), periods as (
  select quotas.user_id, 'day' as period, daily_limit_usd as limit_usd, coalesce(used_usd, 0) as used_usd,
    daily_tokens as tokens_limit, coalesce(tokens, 0) as tokens_used
  from ledger.quotas left join used on used.user_id = quotas.user_id and is_today
  where not is_removed
  union all
  select quotas.user_id, 'month', monthly_limit_usd, coalesce(sum(used_usd), 0), null, null
  from ledger.quotas left join used on used.user_id = quotas.user_id
  where not is_removed
  group by quotas.user_id
)
select user_id, period, limit_usd, used_usd, used_usd / nullif(limit_usd, 0) as used_ratio, tokens_limit,
  tokens_used
from periods
order by used_ratio desc nulls last, user_id, period
limit 50;
