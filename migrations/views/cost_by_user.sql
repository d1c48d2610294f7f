create or replace view ledger.cost_by_user with (security_invoker = true) as
select user_id,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(cost_usd) as cost_usd,
  sum(estimated_usd) as estimated_usd, sum(unpriced_calls) as unpriced_calls,
  sum(held_usd) as held_usd, sum(dispatches) as dispatches,
  sum(failed_dispatches) as failed_dispatches, sum(cpu_ms) as cpu_ms,
  sum(memory_mib_s) as memory_mib_s, sum(cache_read_tokens) as cache_read_tokens,
  sum(cache_write_tokens) as cache_write_tokens, sum(duration_ms) as duration_ms,
  min(bucket) as first_day, max(bucket) as last_day
from ledger.usage_by_user_daily
group by user_id;
comment on view ledger.cost_by_user is
  'Cost and use of each user, over all time; for a range of time sum cost_daily.';
comment on column ledger.cost_by_user.user_id is 'Who is charged.';
comment on column ledger.cost_by_user.calls is 'Model calls that ended, errors included.';
comment on column ledger.cost_by_user.errors is 'Of the calls, those that ended in an error.';
comment on column ledger.cost_by_user.rejected is 'Calls that were refused before they were sent.';
comment on column ledger.cost_by_user.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.cost_by_user.output_tokens is 'Output tokens.';
comment on column ledger.cost_by_user.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a memo is never in here.';
comment on column ledger.cost_by_user.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.cost_by_user.unpriced_calls is 'What had no known price: its cost is in no sum yet.';
comment on column ledger.cost_by_user.held_usd is 'What the unpriced hold of their budgets, in US dollars.';
comment on column ledger.cost_by_user.dispatches is 'Agent runs that ended; not among calls.';
comment on column ledger.cost_by_user.failed_dispatches is 'Of the runs, those that did not end ok.';
comment on column ledger.cost_by_user.cpu_ms is 'Processor time of containers, in milliseconds of one processor.';
comment on column ledger.cost_by_user.memory_mib_s is 'Memory that containers held over time, in mebibyte-seconds.';
comment on column ledger.cost_by_user.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.cost_by_user.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.cost_by_user.duration_ms is 'The sum of durations, in milliseconds.';
comment on column ledger.cost_by_user.first_day is 'The first UTC day with anything of theirs.';
comment on column ledger.cost_by_user.last_day is 'The last UTC day with anything of theirs.';
grant select on ledger.cost_by_user to ledger_reader, ledger_writer;
