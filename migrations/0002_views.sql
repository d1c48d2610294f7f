-- Views for people and dashboards. They run with the reader's own rights and sum over all origins.

create view ledger.cost_daily with (security_invoker = true) as
select date_trunc('day', bucket, 'UTC') as day, user_id, kind, source, provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;
comment on view ledger.cost_daily is
  'Cost and use by UTC day and dimension. cost_usd includes estimated_usd; unpriced calls are in no cost.';

create view ledger.cost_by_user with (security_invoker = true) as
select user_id, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour
from ledger.usage_hourly
group by user_id;
comment on view ledger.cost_by_user is 'Cost and use of each user, over all time.';

create view ledger.cost_by_model with (security_invoker = true) as
select provider, model, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd
from ledger.usage_hourly
group by provider, model;
comment on view ledger.cost_by_model is 'Cost and use of each model, over all time.';

create view ledger.tokens_hourly with (security_invoker = true) as
select bucket as hour, user_id, kind, source, provider, model, sum(calls) as calls,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(duration_ms) as duration_ms
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;
comment on view ledger.tokens_hourly is 'Tokens and cost by hour and dimension.';

create view ledger.unpriced_calls with (security_invoker = true) as
select provider, model, user_id, sum(unpriced_calls) as calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour
from ledger.usage_hourly
where unpriced_calls > 0
group by provider, model, user_id;
comment on view ledger.unpriced_calls is
  'Calls whose price is not known, by model and user: their cost is in no sum until a price is published.';

create view ledger.dispatch_latency_hourly with (security_invoker = true) as
select date_trunc('hour', recorded_at, 'UTC') as hour, source, count(*) as dispatches,
  count(*) filter (where result is distinct from 'ok') as failed,
  percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by duration_ms) as p99_ms
from ledger.events
where type = 'dispatch.completed'
group by 1, 2;
comment on view ledger.dispatch_latency_hourly is 'How long agent runs took, by hour and source.';

create view ledger.audit_log with (security_invoker = true) as
select origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source, provider, model,
  result, cost_state, input_tokens, output_tokens, cost_usd, duration_ms, provider_request_id
from ledger.events;
comment on view ledger.audit_log is 'Every event without its line, so that no prompt can be read here.';
