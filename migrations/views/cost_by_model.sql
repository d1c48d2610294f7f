create or replace view ledger.cost_by_model with (security_invoker = true) as
select provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd, sum(duration_ms) as duration_ms
from ledger.usage_by_model_daily
group by provider, model;
comment on view ledger.cost_by_model is
  'Cost and use of each model, over all time; for a range of time sum cost_daily.';
comment on column ledger.cost_by_model.provider is 'Whose model answered, or empty.';
comment on column ledger.cost_by_model.model is 'Which model answered, or empty.';
comment on column ledger.cost_by_model.calls is 'Model calls that ended, errors included.';
comment on column ledger.cost_by_model.errors is 'Of the calls, those that ended in an error.';
comment on column ledger.cost_by_model.rejected is 'Calls that were refused before they were sent.';
comment on column ledger.cost_by_model.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.cost_by_model.output_tokens is 'Output tokens.';
comment on column ledger.cost_by_model.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.cost_by_model.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.cost_by_model.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.cost_by_model.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.cost_by_model.unpriced_calls is 'What had no known price: its cost is in no sum yet.';
comment on column ledger.cost_by_model.held_usd is 'What the unpriced hold of their budgets, in US dollars.';
comment on column ledger.cost_by_model.duration_ms is 'The sum of durations, in milliseconds.';
grant select on ledger.cost_by_model to ledger_reader, ledger_writer;
