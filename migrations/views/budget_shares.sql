create or replace view ledger.budget_shares with (security_invoker = true) as
select user_id, measure, period, ends_at, origin, limit_amount, leased, in_use, leased - in_use as idle,
  sum(leased) over of_window as leased_by_all,
  greatest(min(limit_amount) over of_window - sum(leased) over of_window, 0) as free,
  expires_at < now() and leased > in_use as in_doubt
from ledger.budget_leases
where ends_at > now()
window of_window as (partition by user_id, measure, period, ends_at);
comment on view ledger.budget_shares is
  'Shared limits of the current windows: who holds what of them, and what nobody holds.';
comment on column ledger.budget_shares.user_id is 'Whose limit: a user, or group:…, model:… or global.';
comment on column ledger.budget_shares.measure is 'What is counted: cost in US dollars, tokens or requests.';
comment on column ledger.budget_shares.period is 'In which kind of window.';
comment on column ledger.budget_shares.ends_at is 'When the window ends.';
comment on column ledger.budget_shares.origin is 'The journal.';
comment on column ledger.budget_shares.limit_amount is 'The limit as that journal knows it.';
comment on column ledger.budget_shares.leased is 'What it may spend in the window.';
comment on column ledger.budget_shares.in_use is 'What of it was spent or held when the lease last changed.';
comment on column ledger.budget_shares.idle is 'What of it was not.';
comment on column ledger.budget_shares.leased_by_all is 'What all journals may spend.';
comment on column ledger.budget_shares.free is 'What nobody has leased.';
comment on column ledger.budget_shares.in_doubt is
  'Whether the journal has not been heard of for longer than a lease lasts: its idle part may be spent or not.';
grant select on ledger.budget_shares to ledger_writer, ledger_reader;
