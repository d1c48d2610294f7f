create or replace function ledger.drop_partitions(before timestamptz) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  dropped integer := 0;
  name text;
  unsealed record;
begin
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'ledger.events'::regclass
      and c.relname < 'events_' || to_char(before at time zone 'UTC', 'YYYY_MM')
    order by c.relname
  loop
    -- Whoever is storing into the month ends first, and what it stored is looked at too.
    execute format('lock table ledger.%I in share mode', name);
    execute format(
      'select e.origin, e.month from (select origin, date_trunc(''month'', recorded_at, ''UTC'') as month,'
      ' min(position) as first, max(position) as last, count(*) as events from ledger.%I group by 1, 2) e'
      ' where not exists (select from ledger.sealed_months s where s.origin = e.origin and s.month = e.month'
      ' and s.first_position = e.first and s.last_position = e.last and e.events = e.last - e.first + 1) limit 1', name)
    into unsealed;
    if unsealed.origin is not null then
      raise exception 'the month % of "%" is not sealed', to_char(unsealed.month at time zone 'UTC', 'YYYY-MM'),
        unsealed.origin using errcode = '55000',
        hint = 'First: select ledger.seal_month(origin, month), for each journal.';
    end if;
    execute format('drop table ledger.%I', name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
comment on function ledger.drop_partitions(timestamptz) is
  'Retires the months before that of a moment, if each journal''s part of them is sealed: their events go, their sums stay. For the owner only.';
revoke execute on function ledger.drop_partitions(timestamptz) from public;
