create or replace view ledger.cost_monthly with (security_invoker = true) as
select months.month, user_id, kind, provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd, sum(dispatches) as dispatches,
  sum(failed_dispatches) as failed_dispatches, sum(cpu_ms) as cpu_ms,
  sum(memory_mib_s) as memory_mib_s
from (
  select (timestamp '2020-01-01' + number * interval '1 month') at time zone 'UTC' as month,
    (timestamp '2020-01-01' + (number + 1) * interval '1 month') at time zone 'UTC' as next_month
  from generate_series(0, 959) as number
) months
  join ledger.usage_daily on bucket >= months.month and bucket < months.next_month
group by 1, 2, 3, 4, 5;
comment on view ledger.cost_monthly is
  'Cost and use by UTC month and dimension: filter on month. Each month is a range of days, so that a filter on it reads no other; 2020 to 2099.';
comment on column ledger.cost_monthly.month is 'The start of the month (UTC).';
comment on column ledger.cost_monthly.user_id is 'Who is charged.';
comment on column ledger.cost_monthly.kind is 'What is counted: call, dispatch, report or compute.';
comment on column ledger.cost_monthly.provider is 'Whose model answered, or empty.';
comment on column ledger.cost_monthly.model is 'Which model answered, or empty.';
comment on column ledger.cost_monthly.calls is 'Model calls that ended, errors included.';
comment on column ledger.cost_monthly.errors is 'Of the calls, those that ended in an error.';
comment on column ledger.cost_monthly.rejected is 'Calls that were refused before they were sent.';
comment on column ledger.cost_monthly.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.cost_monthly.output_tokens is 'Output tokens.';
comment on column ledger.cost_monthly.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.cost_monthly.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.cost_monthly.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.cost_monthly.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.cost_monthly.unpriced_calls is 'What had no known price: its cost is in no sum yet.';
comment on column ledger.cost_monthly.held_usd is 'What the unpriced hold of their budgets, in US dollars.';
comment on column ledger.cost_monthly.dispatches is 'Agent runs that ended; not among calls.';
comment on column ledger.cost_monthly.failed_dispatches is 'Of the runs, those that did not end ok.';
comment on column ledger.cost_monthly.cpu_ms is 'Processor time of containers, in milliseconds of one processor.';
comment on column ledger.cost_monthly.memory_mib_s is 'Memory that containers held over time, in mebibyte-seconds.';
grant select on ledger.cost_monthly to ledger_reader, ledger_writer;
