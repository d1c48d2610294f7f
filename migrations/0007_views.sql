-- What the views of people and dashboards need, so that a range of time or one user is found by an index however long
-- the history is.

-- They read the daily sums now, and the first two pass the sums on as they are stored, one row a journal: whoever asks
-- adds up once, not twice. Their files bring them back.
drop view ledger.cost_daily, ledger.tokens_hourly, ledger.cost_by_user, ledger.unpriced_calls;
delete from ledger.schema_objects
where name in ('views/cost_daily', 'views/tokens_hourly', 'views/cost_by_user', 'views/unpriced_calls');

create index usage_daily_by_user on ledger.usage_daily (user_id, bucket);
-- Few rows, asked for over all time.
create index usage_daily_unpriced on ledger.usage_daily (bucket) where unpriced_calls > 0;
-- In which hours agent runs ended: by the kind of a row, which never changes, so that updates stay in their page.
create index usage_hourly_dispatches on ledger.usage_hourly (bucket) where kind = 'dispatch';

comment on column ledger.events.details is
  'What else an event of a rare type says: limits, reasons, containers, alerts, books; and why a call is not plainly ok and priced. Never a prompt.';
