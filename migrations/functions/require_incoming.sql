create or replace function ledger.require_incoming() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if (select count(*) from pg_class
      where oid in (to_regclass('pg_temp.ledger_incoming'), to_regclass('pg_temp.ledger_incoming_usage'),
          to_regclass('pg_temp.ledger_checked'))
        and relkind = 'r' and relowner = (select oid from pg_roles where rolname = current_user)) <> 3
  then
    raise exception 'the session''s incoming tables are not the ones that ledger.open_ingest makes'
      using errcode = '55000', hint = 'Call ledger.open_ingest() in a new session.';
  end if;
end
$$;
comment on function ledger.require_incoming() is
  'Refuses incoming tables that somebody else than the schema''s owner made.';
revoke execute on function ledger.require_incoming() from public;
