create or replace function ledger.ensure_partition(at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' as $$
declare
  lower_bound timestamptz := date_trunc('month', at, 'UTC');
  upper_bound timestamptz := date_trunc('month', date_trunc('month', at, 'UTC') + interval '32 days', 'UTC');
  name text := 'events_' || to_char(at at time zone 'UTC', 'YYYY_MM');
begin
  if lower_bound not between '2000-01-01Z' and '2200-01-01Z' then
    raise exception 'no partition is made for %', at using errcode = '22008';
  end if;
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
revoke execute on function ledger.ensure_partition(timestamptz) from public;
grant execute on function ledger.ensure_partition(timestamptz) to ledger_writer;
