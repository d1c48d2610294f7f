create or replace function ledger.schema_version() returns integer
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(max(version), 0) from ledger.schema_migrations
$$;
comment on function ledger.schema_version() is 'The number of the last migration applied.';
revoke execute on function ledger.schema_version() from public;
grant execute on function ledger.schema_version() to ledger_writer, ledger_reader;
