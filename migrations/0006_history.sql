-- A writer that can only call functions, sums by day, budgets, the months that may be retired, and what lets an auditor
-- find one event among a hundred million.
--
-- From here on functions and views live in functions/ and views/, one object a file: a migration brings tables, columns
-- and rights.

create table ledger.schema_objects (
  name text primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
comment on table ledger.schema_objects is 'Which functions and views this database has, and the digest of each one''s text.';
comment on column ledger.schema_objects.name is 'The file under migrations/, without its ending.';
comment on column ledger.schema_objects.sha256 is 'SHA-256 of the file, in hexadecimal: another text replaces the object.';
comment on column ledger.schema_objects.applied_at is 'When it was applied.';

alter table ledger.events
  add column billing text,
  add column price_book text,
  add column details jsonb;
comment on column ledger.events.billing is
  'Of an agent run: proxied (its calls are in here, its own cost is a memo) or direct (its cost is money).';
comment on column ledger.events.price_book is 'The content hash of the price book that the cost comes from.';
comment on column ledger.events.details is
  'What else an event of a rare type says: limits, reasons, containers, alerts, books. Never a prompt.';

-- What one run did is asked for by its name alone. Calls without a run have no entry.
create index events_by_dispatch on ledger.events (dispatch_id, recorded_at) where dispatch_id is not null;
-- Agent runs are few beside calls; their durations are read without touching the table.
create index events_dispatches on ledger.events (recorded_at) include (source, result, duration_ms)
  where type = 'dispatch.completed';

create table ledger.usage_daily (like ledger.usage_hourly including defaults including comments);
alter table ledger.usage_daily add primary key (origin, user_id, bucket, kind, source, provider, model);
create index usage_daily_by_time on ledger.usage_daily (bucket);
comment on table ledger.usage_daily is 'Sums by UTC day and dimension: usage_hourly, added up in the same transaction.';
comment on column ledger.usage_daily.bucket is 'The start of the day (UTC).';
insert into ledger.usage_daily (origin, user_id, bucket, kind, source, provider, model, calls, errors, rejected,
  input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, estimated_usd, unpriced_calls, held_usd,
  duration_ms, dispatches, failed_dispatches, cpu_ms, memory_mib_s)
select origin, user_id, date_trunc('day', bucket, 'UTC'), kind, source, provider, model, sum(calls), sum(errors),
  sum(rejected), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(cost_usd),
  sum(estimated_usd), sum(unpriced_calls), sum(held_usd), sum(duration_ms), sum(dispatches), sum(failed_dispatches),
  sum(cpu_ms), sum(memory_mib_s)
from ledger.usage_hourly group by 1, 2, 3, 4, 5, 6, 7;

create table ledger.quotas (
  user_id text primary key,
  daily_limit_usd numeric(38, 18),
  monthly_limit_usd numeric(38, 18),
  daily_tokens bigint,
  is_enabled boolean not null,
  is_removed boolean not null default false,
  changed_at timestamptz not null,
  changed_by text not null,
  origin text not null,
  position bigint not null
);
comment on table ledger.quotas is 'Each user''s limits as they were last set; what they were before is in events.';
comment on column ledger.quotas.user_id is 'Whose limits.';
comment on column ledger.quotas.daily_limit_usd is 'US dollars a UTC day; null: no limit.';
comment on column ledger.quotas.monthly_limit_usd is 'US dollars a UTC month; null: no limit.';
comment on column ledger.quotas.daily_tokens is 'Tokens a UTC day, in and out; null: no limit.';
comment on column ledger.quotas.is_enabled is 'Whether the user may call at all.';
comment on column ledger.quotas.is_removed is 'Whether the limits were removed: then the user has none of their own.';
comment on column ledger.quotas.changed_at is 'When they were last changed.';
comment on column ledger.quotas.changed_by is 'By whom.';
comment on column ledger.quotas.origin is 'The journal of the event that changed them.';
comment on column ledger.quotas.position is 'Its position there.';
insert into ledger.quotas
select distinct on (user_id) user_id, (line::jsonb ->> 'dailyLimitUsd')::numeric,
  (line::jsonb ->> 'monthlyLimitUsd')::numeric, (line::jsonb ->> 'dailyTokens')::bigint,
  coalesce((line::jsonb ->> 'disabled')::boolean, false) = false, type = 'quota.removed', recorded_at,
  coalesce(line::jsonb ->> 'by', ''), origin, position
from ledger.events where type in ('quota.set', 'quota.removed') and user_id is not null
order by user_id, recorded_at desc, origin desc, position desc;

create table ledger.sealed_months (
  origin text not null,
  month timestamptz not null,
  first_position bigint not null check (first_position > 0),
  last_position bigint not null check (last_position >= first_position),
  chain_before bytea not null check (octet_length(chain_before) = 32),
  chain bytea not null check (octet_length(chain) = 32),
  sealed_at timestamptz not null default now(),
  primary key (origin, month)
);
comment on table ledger.sealed_months is
  'Months of a journal that are over and whose chain was recomputed here: only these may be retired.';
comment on column ledger.sealed_months.origin is 'The journal.';
comment on column ledger.sealed_months.month is 'The start of the month (UTC).';
comment on column ledger.sealed_months.first_position is 'Its first position.';
comment on column ledger.sealed_months.last_position is 'Its last position.';
comment on column ledger.sealed_months.chain_before is 'The chain before its first event.';
comment on column ledger.sealed_months.chain is 'The chain at its last event: from here the next month goes on.';
comment on column ledger.sealed_months.sealed_at is 'When it was recomputed and found whole.';

-- Whoever has the writer's password appends lines that go on from the checkpoint, through ledger.ingest, or nothing.
revoke insert on ledger.events from ledger_writer;
revoke insert, update on ledger.usage_hourly, ledger.checkpoints, ledger.containers from ledger_writer;
grant select on ledger.schema_objects, ledger.usage_daily, ledger.quotas, ledger.sealed_months
  to ledger_writer, ledger_reader;
grant select (billing, price_book, details) on ledger.events to ledger_reader;

do $$
begin
  if not exists (select 1 from pg_db_role_setting
    where setrole = 'ledger_reader'::regrole and setdatabase = 0 and 'work_mem=64MB' = any (setconfig))
  then
    alter role ledger_reader set work_mem = '64MB';
  end if;
exception when insufficient_privilege or internal_error then
  null;  -- the role belongs to somebody else, or another database's migration sets it at this moment
end
$$;
