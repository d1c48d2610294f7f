create or replace view ledger.cost_by_user with (security_invoker = true) as
select user_id, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches,
  sum(cpu_ms) as cpu_ms, sum(memory_mib_s) as memory_mib_s
from ledger.usage_hourly
group by user_id;
comment on view ledger.cost_by_user is 'Cost and use of each user, over all time.';
grant select on ledger.cost_by_user to ledger_reader, ledger_writer;
