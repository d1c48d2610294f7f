create or replace view ledger.quota_utilization with (security_invoker = true) as
select user_id, period, bool_or(is_enabled) as is_enabled, max(limit_usd) as limit_usd,
  sum(cost_usd + held_usd) as used_usd, sum(held_usd) as held_usd,
  sum(cost_usd + held_usd) / nullif(max(limit_usd), 0) as used_ratio,
  max(tokens_limit) as tokens_limit, case period when 'day' then sum(tokens) end as tokens_used
from (
  select user_id, 'day' as period, true as is_limit, is_enabled, daily_limit_usd as limit_usd,
    daily_tokens as tokens_limit, 0 as cost_usd, 0 as held_usd, 0 as tokens
  from ledger.quotas where not is_removed
  union all
  select user_id, 'month', true, is_enabled, monthly_limit_usd, null, 0, 0, 0
  from ledger.quotas where not is_removed
  union all
  select user_id, 'day', false, null, null, null, cost_usd, held_usd, input_tokens + output_tokens
  from ledger.usage_by_user_daily where bucket = date_trunc('day', now(), 'UTC')
  union all
  select user_id, 'month', false, null, null, null, cost_usd, held_usd, 0
  from ledger.usage_by_user_monthly where bucket = date_trunc('month', now(), 'UTC')
) parts
group by user_id, period
having bool_or(is_limit);
comment on view ledger.quota_utilization is
  'Each limit and what is used of it in the current UTC day and month, as far as the journal is copied. What open calls reserve is not in SQL (ledger_quota_reserved_usd is); a call counts when it ends, and one that expired without its tokens.';
comment on column ledger.quota_utilization.user_id is 'Whose limits: one row a period for each user who has any.';
comment on column ledger.quota_utilization.period is 'day or month, of UTC.';
comment on column ledger.quota_utilization.is_enabled is 'Whether the user may call at all.';
comment on column ledger.quota_utilization.limit_usd is 'The period''s limit in US dollars; null: none.';
comment on column ledger.quota_utilization.used_usd is 'What counts against it: cost and what the unpriced hold, in US dollars.';
comment on column ledger.quota_utilization.held_usd is 'The part of used_usd that the unpriced hold.';
comment on column ledger.quota_utilization.used_ratio is 'used_usd over limit_usd: 1 is used up; null without a limit.';
comment on column ledger.quota_utilization.tokens_limit is 'The day''s limit of tokens, in and out; null: none.';
comment on column ledger.quota_utilization.tokens_used is 'The day''s tokens, in and out; null for a month.';
grant select on ledger.quota_utilization to ledger_reader, ledger_writer;
