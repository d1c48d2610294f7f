-- Budgets that several journals share: who may spend how much of which limit, in which window.

create table ledger.budget_windows (
  user_id text not null,
  measure text not null check (measure in ('cost', 'tokens', 'requests')),
  period text not null check (period in ('hour', 'day', 'week', 'month')),
  ends_at timestamptz not null,
  primary key (user_id, measure, period, ends_at)
);
comment on table ledger.budget_windows is
  'Windows of shared limits: whoever changes a lease locks the window''s row, so leases of one window change one after another.';
comment on column ledger.budget_windows.user_id is 'Whose limit: a user, or group:…, model:… or global.';
comment on column ledger.budget_windows.measure is 'What is counted.';
comment on column ledger.budget_windows.period is 'In which kind of window.';
comment on column ledger.budget_windows.ends_at is 'When the window ends.';

create table ledger.budget_leases (
  user_id text not null,
  measure text not null,
  period text not null,
  ends_at timestamptz not null,
  origin text not null,
  limit_amount numeric not null check (limit_amount >= 0 and limit_amount < 'NaN'),
  leased numeric not null check (leased >= 0 and leased < 'NaN'),
  in_use numeric not null check (in_use >= 0 and in_use < 'NaN'),
  changed_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (user_id, measure, period, ends_at, origin),
  foreign key (user_id, measure, period, ends_at) references ledger.budget_windows on delete cascade
);
comment on table ledger.budget_leases is
  'What each journal may spend of a shared limit; the sum over a window''s rows is never more than the limit, but for what was spent without a lease.';
comment on column ledger.budget_leases.user_id is 'Whose limit: a user, or group:…, model:… or global.';
comment on column ledger.budget_leases.measure is 'What is counted: cost in US dollars, tokens in and out, or requests.';
comment on column ledger.budget_leases.period is 'In which kind of window.';
comment on column ledger.budget_leases.ends_at is 'When the window ends.';
comment on column ledger.budget_leases.origin is 'The journal that may spend it.';
comment on column ledger.budget_leases.limit_amount is 'The limit, as that journal knows it: the lowest of a window holds.';
comment on column ledger.budget_leases.leased is 'What that journal may spend in the window, what it has spent included.';
comment on column ledger.budget_leases.in_use is 'What of it was spent or held when the lease last changed.';
comment on column ledger.budget_leases.changed_at is 'When the lease last changed.';
comment on column ledger.budget_leases.expires_at is
  'When a living journal has changed it again or given the rest back: past that, the rest is in doubt until that journal is back.';

create index budget_windows_ends on ledger.budget_windows (ends_at);
create index budget_leases_origin on ledger.budget_leases (origin, ends_at);

grant select on ledger.budget_windows, ledger.budget_leases to ledger_writer, ledger_reader;
