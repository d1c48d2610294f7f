create or replace view ledger.tokens_hourly with (security_invoker = true) as
select bucket as hour, user_id, kind, source, provider, model, calls, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, cost_usd, duration_ms, origin
from ledger.usage_hourly;
comment on view ledger.tokens_hourly is
  'Tokens and cost by UTC hour and dimension: filter on hour, and sum.';
comment on column ledger.tokens_hourly.hour is 'The start of the hour (UTC).';
comment on column ledger.tokens_hourly.user_id is 'Who is charged.';
comment on column ledger.tokens_hourly.kind is 'What is counted: call, dispatch, report or compute.';
comment on column ledger.tokens_hourly.source is 'Where the work came from, or empty.';
comment on column ledger.tokens_hourly.provider is 'Whose model answered, or empty.';
comment on column ledger.tokens_hourly.model is 'Which model answered, or empty.';
comment on column ledger.tokens_hourly.calls is 'Model calls that ended, errors included.';
comment on column ledger.tokens_hourly.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.tokens_hourly.output_tokens is 'Output tokens.';
comment on column ledger.tokens_hourly.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.tokens_hourly.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.tokens_hourly.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.tokens_hourly.duration_ms is 'The sum of durations, in milliseconds.';
comment on column ledger.tokens_hourly.origin is 'The journal that the row sums: with several journals there are several rows.';
grant select on ledger.tokens_hourly to ledger_reader, ledger_writer;
