create or replace function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'ledger.events is append-only: % on % is refused', lower(tg_op), tg_table_name
    using errcode = '55000', hint = 'Append a correcting event; to retire old months use ledger.drop_partitions.';
end
$$;
comment on function ledger.refuse_change() is 'Refuses UPDATE, DELETE and TRUNCATE, for everyone.';
revoke execute on function ledger.refuse_change() from public;
