create or replace view ledger.tokens_by_model_hourly with (security_invoker = true) as
select bucket as hour, kind, source, provider, model, calls, errors, rejected, input_tokens, output_tokens,
  cost_usd, estimated_usd, unpriced_calls, held_usd, dispatches, failed_dispatches, cpu_ms, memory_mib_s,
  cache_read_tokens, cache_write_tokens, duration_ms, origin
from ledger.usage_by_model_hourly;
comment on view ledger.tokens_by_model_hourly is
  'Tokens and cost by UTC hour, kind, source, provider and model, everybody''s: filter on hour, and sum. Few rows beside tokens_hourly, and the same sums.';
comment on column ledger.tokens_by_model_hourly.hour is 'The start of the hour (UTC).';
comment on column ledger.tokens_by_model_hourly.kind is 'What is counted: call, dispatch, report or compute.';
comment on column ledger.tokens_by_model_hourly.source is 'Where the work came from, or empty.';
comment on column ledger.tokens_by_model_hourly.provider is 'Whose model answered, or empty.';
comment on column ledger.tokens_by_model_hourly.model is 'Which model answered, or empty.';
comment on column ledger.tokens_by_model_hourly.calls is 'Model calls that ended, errors included.';
comment on column ledger.tokens_by_model_hourly.errors is 'Of the calls, those that ended in an error.';
comment on column ledger.tokens_by_model_hourly.rejected is 'Calls that were refused before they were sent.';
comment on column ledger.tokens_by_model_hourly.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.tokens_by_model_hourly.output_tokens is 'Output tokens.';
comment on column ledger.tokens_by_model_hourly.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.tokens_by_model_hourly.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.tokens_by_model_hourly.unpriced_calls is 'What had no known price: its cost is in no sum yet.';
comment on column ledger.tokens_by_model_hourly.held_usd is 'What the unpriced hold of their budgets, in US dollars.';
comment on column ledger.tokens_by_model_hourly.dispatches is 'Agent runs that ended; not among calls.';
comment on column ledger.tokens_by_model_hourly.failed_dispatches is 'Of the runs, those that did not end ok.';
comment on column ledger.tokens_by_model_hourly.cpu_ms is 'Processor time of containers, in milliseconds of one processor.';
comment on column ledger.tokens_by_model_hourly.memory_mib_s is 'Memory that containers held over time, in mebibyte-seconds.';
comment on column ledger.tokens_by_model_hourly.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.tokens_by_model_hourly.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.tokens_by_model_hourly.duration_ms is 'The sum of durations, in milliseconds.';
comment on column ledger.tokens_by_model_hourly.origin is 'The journal that the row sums: with several journals there are several rows.';
grant select on ledger.tokens_by_model_hourly to ledger_reader, ledger_writer;
