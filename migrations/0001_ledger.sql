-- The ledger's tables: events as they were journaled, hourly sums, and how far each journal is copied.
--
-- Everything is keyed by origin (one journal with one writer), so that one ingest touches one shard when the tables
-- are distributed. Every unique key holds origin, and on events the partition column too.

create schema ledger;
comment on schema ledger is 'Dispatch Ledger: the journal''s first projection. Nothing here is counted anywhere else.';

create table ledger.schema_migrations (
  version integer primary key check (version > 0),
  name text not null,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
comment on table ledger.schema_migrations is 'Which migrations this database has, and the digest of each one''s text.';
comment on column ledger.schema_migrations.version is 'The number in the file''s name; without gaps.';
comment on column ledger.schema_migrations.name is 'The file''s name without number and ending.';
comment on column ledger.schema_migrations.sha256 is 'SHA-256 of the file, in hexadecimal: a released migration never changes.';
comment on column ledger.schema_migrations.applied_at is 'When it was applied.';

create table ledger.events (
  origin text not null,
  position bigint not null check (position > 0),
  recorded_at timestamptz not null,
  id uuid not null,
  type text not null,
  user_id text,
  call_id text,
  dispatch_id text,
  session_id text,
  source text,
  provider text,
  model text,
  result text,
  cost_state text,
  input_tokens bigint,
  output_tokens bigint,
  cost_usd numeric(38, 18),
  duration_ms bigint,
  provider_request_id text,
  chain bytea not null check (octet_length(chain) = 32),
  line text not null,
  primary key (origin, position, recorded_at)
) partition by range (recorded_at);
create index events_by_user on ledger.events (user_id, recorded_at);
create index events_by_time on ledger.events using brin (recorded_at);
comment on table ledger.events is 'Every recorded event once, append-only; one partition a month of recorded_at (UTC).';
comment on column ledger.events.origin is 'The journal that the event is in.';
comment on column ledger.events.position is 'Place in that journal: 1, 2, 3 … without gaps.';
comment on column ledger.events.recorded_at is 'When it was appended, to the microsecond.';
comment on column ledger.events.id is 'The event''s own identifier.';
comment on column ledger.events.type is 'What happened: call.settled, dispatch.completed, quota.set, …';
comment on column ledger.events.user_id is 'Whom it concerns; null where it concerns nobody.';
comment on column ledger.events.call_id is 'Shared by all events of one model call.';
comment on column ledger.events.dispatch_id is 'The agent run it belongs to.';
comment on column ledger.events.session_id is 'The conversation it belongs to.';
comment on column ledger.events.source is 'Where the work came from.';
comment on column ledger.events.provider is 'Whose model answered.';
comment on column ledger.events.model is 'Which model answered.';
comment on column ledger.events.result is 'ok, error or aborted.';
comment on column ledger.events.cost_state is 'priced, estimated or unpriced.';
comment on column ledger.events.input_tokens is 'All input tokens, cached ones included.';
comment on column ledger.events.output_tokens is 'All output tokens.';
comment on column ledger.events.cost_usd is 'Exact cost in US dollars; null where there is none or it is not known.';
comment on column ledger.events.duration_ms is 'How long it took, in milliseconds.';
comment on column ledger.events.provider_request_id is 'The provider''s name for the request.';
comment on column ledger.events.chain is 'SHA-256 over the previous event''s chain and this line''s bytes before its chain member.';
comment on column ledger.events.line is 'The journal''s line, byte for byte, without its newline. May hold prompts.';

create table ledger.usage_hourly (
  origin text not null,
  user_id text not null default '',
  bucket timestamptz not null,
  kind text not null default '',
  source text not null default '',
  provider text not null default '',
  model text not null default '',
  calls bigint not null default 0,
  errors bigint not null default 0,
  rejected bigint not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  cost_usd numeric(38, 18) not null default 0,
  estimated_usd numeric(38, 18) not null default 0,
  unpriced_calls bigint not null default 0,
  held_usd numeric(38, 18) not null default 0,
  duration_ms bigint not null default 0,
  primary key (origin, user_id, bucket, kind, source, provider, model)
);
create index usage_by_user on ledger.usage_hourly (user_id, bucket);
create index usage_by_time on ledger.usage_hourly (bucket);
comment on table ledger.usage_hourly is 'Sums by hour and dimension, written in the transaction of the events they sum.';
comment on column ledger.usage_hourly.origin is 'The journal whose events are summed; read across origins through the views.';
comment on column ledger.usage_hourly.user_id is 'Who is charged.';
comment on column ledger.usage_hourly.bucket is 'The start of the hour (UTC).';
comment on column ledger.usage_hourly.kind is 'What is counted: call, dispatch, …';
comment on column ledger.usage_hourly.source is 'Where the work came from, or empty.';
comment on column ledger.usage_hourly.provider is 'Whose model answered, or empty.';
comment on column ledger.usage_hourly.model is 'Which model answered, or empty.';
comment on column ledger.usage_hourly.calls is 'How many ended, errors included.';
comment on column ledger.usage_hourly.errors is 'How many of them ended in an error.';
comment on column ledger.usage_hourly.rejected is 'How many were refused before they started.';
comment on column ledger.usage_hourly.input_tokens is 'Input tokens, cached ones included.';
comment on column ledger.usage_hourly.output_tokens is 'Output tokens.';
comment on column ledger.usage_hourly.cache_read_tokens is 'Of the input tokens, those read from a cache.';
comment on column ledger.usage_hourly.cache_write_tokens is 'Of the input tokens, those written to a cache.';
comment on column ledger.usage_hourly.cost_usd is 'Exact cost in US dollars, estimates included. Money only: a cost that is memo is not in here.';
comment on column ledger.usage_hourly.estimated_usd is 'The part of cost_usd that is an estimate.';
comment on column ledger.usage_hourly.unpriced_calls is 'How many had no known price: their cost is in no sum yet.';
comment on column ledger.usage_hourly.held_usd is 'What the unpriced ones hold of their budgets.';
comment on column ledger.usage_hourly.duration_ms is 'The sum of durations, in milliseconds.';

create table ledger.checkpoints (
  origin text primary key,
  position bigint not null check (position > 0),
  chain bytea not null check (octet_length(chain) = 32),
  updated_at timestamptz not null default now()
);
comment on table ledger.checkpoints is 'How far each journal is copied; moved in the transaction that copies.';
comment on column ledger.checkpoints.origin is 'The journal.';
comment on column ledger.checkpoints.position is 'The last position that is in events and in usage_hourly.';
comment on column ledger.checkpoints.chain is 'The chain at that position: whose history this is.';
comment on column ledger.checkpoints.updated_at is 'When it last moved.';

create function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'ledger.events is append-only: % on % is refused', lower(tg_op), tg_table_name
    using errcode = '55000', hint = 'Append a correcting event; to retire old months use ledger.drop_partitions.';
end
$$;
comment on function ledger.refuse_change() is 'Refuses UPDATE, DELETE and TRUNCATE, for everyone.';

-- Two triggers, because a row trigger is copied to every partition and a TRUNCATE trigger never is.
create trigger append_only before update or delete on ledger.events
  for each row execute function ledger.refuse_change();
create trigger append_only_truncate before truncate on ledger.events
  for each statement execute function ledger.refuse_change();
revoke update, delete, truncate on ledger.events from current_user;

create function ledger.ensure_partition(at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  lower_bound timestamptz := date_trunc('month', at, 'UTC');
  upper_bound timestamptz := date_trunc('month', date_trunc('month', at, 'UTC') + interval '32 days', 'UTC');
  name text := 'events_' || to_char(at at time zone 'UTC', 'YYYY_MM');
begin
  if to_regclass('ledger.' || quote_ident(name)) is not null then return false; end if;
  -- One at a time: two writers may meet at the turn of a month.
  perform pg_advisory_xact_lock(hashtextextended('ledger.ensure_partition', 0));
  -- A query, because to_regclass would answer from a cache that an advisory lock does not refresh.
  if exists (select from pg_class c where c.relnamespace = 'ledger'::regnamespace and c.relname = name) then
    return false;
  end if;
  -- Only a distributed database reads this setting; elsewhere it is a name without a meaning.
  perform set_config('citus.enable_unsafe_triggers', 'on', true);
  execute format('create table ledger.%I partition of ledger.events for values from (%L) to (%L)',
    name, lower_bound, upper_bound);
  execute format('create trigger append_only_truncate before truncate on ledger.%I'
    ' for each statement execute function ledger.refuse_change()', name);
  execute format('revoke update, delete, truncate on ledger.%I from current_user', name);
  execute format('comment on table ledger.%I is %L', name,
    'Events of ' || to_char(lower_bound at time zone 'UTC', 'YYYY-MM') || ' (UTC).');
  return true;
end
$$;
comment on function ledger.ensure_partition(timestamptz) is
  'Creates the partition for the month of a moment if it is missing; says whether it did.';

create function ledger.create_partitions(ahead integer) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  created integer := 0;
  month timestamptz := date_trunc('month', now(), 'UTC');
begin
  if ahead not between 0 and 120 then
    raise exception 'ahead is 0 to 120 months, not %', ahead using errcode = '22023';
  end if;
  for step in 0..ahead loop
    if ledger.ensure_partition(month) then created := created + 1; end if;
    month := date_trunc('month', month + interval '32 days', 'UTC');
  end loop;
  return created;
end
$$;
comment on function ledger.create_partitions(integer) is
  'Creates the partitions of this month and of so many after it; returns how many were missing.';

create function ledger.drop_partitions(before timestamptz) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  dropped integer := 0;
  name text;
begin
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'ledger.events'::regclass
      and c.relname < 'events_' || to_char(before at time zone 'UTC', 'YYYY_MM')
    order by c.relname
  loop
    execute format('drop table ledger.%I', name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
comment on function ledger.drop_partitions(timestamptz) is
  'Retires the months before that of a moment: their events go, their hourly sums stay. For the owner only.';

create function ledger.schema_version() returns integer
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(max(version), 0) from ledger.schema_migrations
$$;
comment on function ledger.schema_version() is 'The number of the last migration applied.';

create function ledger.verify_chain(in_origin text, first bigint, last bigint)
returns table (checked bigint, broken_at bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  event record;
  expected bigint := first;
  chain bytea;
begin
  checked := 0;
  if first = 1 then
    chain := sha256(convert_to('dispatch-ledger:' || in_origin, 'UTF8'));
  else
    select e.chain into chain from ledger.events e where e.origin = in_origin and e.position = first - 1;
  end if;
  for event in
    select e.position, e.chain, e.line from ledger.events e
    where e.origin = in_origin and e.position between first and last order by e.position
  loop
    -- A line ends in ,"chain":"64 digits"} which is 76 bytes; the chain covers what is before.
    chain := sha256(chain || convert_to(left(event.line, -76), 'UTF8'));
    if event.position <> expected or chain is distinct from event.chain
      or right(event.line, 76) is distinct from ',"chain":"' || encode(chain, 'hex') || '"}'
    then
      broken_at := expected;
      return next;
      return;
    end if;
    checked := checked + 1;
    expected := expected + 1;
  end loop;
  if expected <= last then broken_at := expected; end if;
  return next;
end
$$;
comment on function ledger.verify_chain(text, bigint, bigint) is
  'Recomputes the chain of a range of one journal; broken_at is the first position that is missing or wrong, or null.';

revoke execute on all functions in schema ledger from public;
