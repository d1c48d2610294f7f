-- Agent runs in the hourly sums. What one used and cost is in here only when it is money of its own; a run whose calls
-- went through the proxy counts as a run, and its calls count what they cost.

alter table ledger.usage_hourly
  add column dispatches bigint not null default 0,
  add column failed_dispatches bigint not null default 0;
comment on column ledger.usage_hourly.dispatches is 'How many agent runs ended; not among calls.';
comment on column ledger.usage_hourly.failed_dispatches is 'How many of them did not end ok.';
comment on column ledger.events.cost_usd is
  'Exact cost in US dollars; null where there is none or it is not known. Of dispatch.completed a memo where the run''s calls are in here too: sum usage_hourly, not this.';

create or replace view ledger.cost_daily with (security_invoker = true) as
select date_trunc('day', bucket, 'UTC') as day, user_id, kind, source, provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;

create or replace view ledger.cost_by_user with (security_invoker = true) as
select user_id, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches
from ledger.usage_hourly
group by user_id;
