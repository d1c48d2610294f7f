create or replace view ledger.cost_daily with (security_invoker = true) as
select bucket as day, user_id, kind, source, provider, model, calls, errors, rejected, input_tokens, output_tokens, cost_usd,
  estimated_usd, unpriced_calls, held_usd, dispatches, failed_dispatches, cpu_ms, memory_mib_s,
  cache_read_tokens, cache_write_tokens, duration_ms, origin, adjustments, adjusted_usd
from ledger.usage_daily;
comment on view ledger.cost_daily is
  'Cost and use by UTC day and dimension: filter on day, and sum. cost_usd includes estimated_usd; the unpriced is in no cost.';
comment on column ledger.cost_daily.day is 'The start of the day (UTC).';
comment on column ledger.cost_daily.user_id is 'Who is charged.';
comment on column ledger.cost_daily.kind is 'What is counted: call, dispatch, report or compute.';
comment on column ledger.cost_daily.source is 'Where the work came from, or empty.';
comment on column ledger.cost_daily.provider is 'Whose model answered, or empty.';
comment on column ledger.cost_daily.model is 'Which model answered, or empty.';
comment on column ledger.cost_daily.calls is 'Model calls that ended, errors included.';
comment on column ledger.cost_daily.errors is 'Of the calls, those that ended in an error.';
comment on column ledger.cost_daily.rejected is 'Calls that were refused before they were sent.';
comment on column ledger.cost_daily.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.cost_daily.output_tokens is 'Output tokens.';
comment on column ledger.cost_daily.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.cost_daily.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.cost_daily.unpriced_calls is 'What had no known price: its cost is in no sum yet.';
comment on column ledger.cost_daily.held_usd is 'What the unpriced hold of their budgets, in US dollars.';
comment on column ledger.cost_daily.dispatches is 'Agent runs that ended; not among calls.';
comment on column ledger.cost_daily.failed_dispatches is 'Of the runs, those that did not end ok.';
comment on column ledger.cost_daily.cpu_ms is 'Processor time of containers, in milliseconds of one processor.';
comment on column ledger.cost_daily.memory_mib_s is 'Memory that containers held over time, in mebibyte-seconds.';
comment on column ledger.cost_daily.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.cost_daily.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.cost_daily.duration_ms is 'The sum of durations, in milliseconds.';
comment on column ledger.cost_daily.origin is 'The journal that the row sums: with several journals there are several rows.';
comment on column ledger.cost_daily.adjustments is 'Corrections of costs.';
comment on column ledger.cost_daily.adjusted_usd is 'What corrections added to cost_usd, in US dollars: without it the cost is as it was first recorded.';
grant select on ledger.cost_daily to ledger_reader, ledger_writer;
