create or replace view ledger.cost_daily with (security_invoker = true) as
select date_trunc('day', bucket, 'UTC') as day, user_id, kind, source, provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches,
  sum(cpu_ms) as cpu_ms, sum(memory_mib_s) as memory_mib_s
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;
comment on view ledger.cost_daily is
  'Cost and use by UTC day and dimension. cost_usd includes estimated_usd; unpriced calls are in no cost.';
grant select on ledger.cost_daily to ledger_reader, ledger_writer;
