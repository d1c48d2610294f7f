create or replace function ledger.create_partitions(ahead integer) returns integer
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
revoke execute on function ledger.create_partitions(integer) from public;
grant execute on function ledger.create_partitions(integer) to ledger_writer;
