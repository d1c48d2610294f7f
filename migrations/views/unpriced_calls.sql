create or replace view ledger.unpriced_calls with (security_invoker = true) as
select provider, model, user_id, sum(unpriced_calls) as calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour
from ledger.usage_hourly
where unpriced_calls > 0
group by provider, model, user_id;
comment on view ledger.unpriced_calls is
  'Calls whose price is not known, by model and user: their cost is in no sum until a price is published.';
grant select on ledger.unpriced_calls to ledger_reader, ledger_writer;
