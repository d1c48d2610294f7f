create or replace view ledger.unpriced_calls with (security_invoker = true) as
select provider, model, user_id, sum(unpriced_calls) as calls, sum(held_usd) as held_usd,
  min(bucket) as first_day, max(bucket) as last_day
from ledger.usage_daily
where unpriced_calls > 0
group by provider, model, user_id;
comment on view ledger.unpriced_calls is
  'What has no known price, by model and user: its cost is in no sum. Empty in a ledger whose prices are whole.';
comment on column ledger.unpriced_calls.provider is 'Whose model answered, or empty.';
comment on column ledger.unpriced_calls.model is 'Which model answered, or empty.';
comment on column ledger.unpriced_calls.user_id is 'Who is charged.';
comment on column ledger.unpriced_calls.calls is 'How many calls, runs or reports have no price.';
comment on column ledger.unpriced_calls.held_usd is 'What they hold of their user''s budget, in US dollars.';
comment on column ledger.unpriced_calls.first_day is 'The first UTC day with one.';
comment on column ledger.unpriced_calls.last_day is 'The last UTC day with one.';
grant select on ledger.unpriced_calls to ledger_reader, ledger_writer;
