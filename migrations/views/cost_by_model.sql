create or replace view ledger.cost_by_model with (security_invoker = true) as
select provider, model, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd
from ledger.usage_hourly
group by provider, model;
comment on view ledger.cost_by_model is 'Cost and use of each model, over all time.';
grant select on ledger.cost_by_model to ledger_reader, ledger_writer;
