create or replace function ledger.chain_before(in_origin text, in_position bigint) returns bytea
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when in_position = 1 then sha256(convert_to('dispatch-ledger:' || in_origin, 'UTF8'))
    else coalesce(
      (select chain from ledger.events where origin = in_origin and position = in_position - 1),
      (select chain from ledger.sealed_months where origin = in_origin and last_position = in_position - 1))
    end
$$;
comment on function ledger.chain_before(text, bigint) is
  'The chain before a position: of the event before it, of the sealed month that it goes on from, or of the beginning; null where none is known.';
revoke execute on function ledger.chain_before(text, bigint) from public;
grant execute on function ledger.chain_before(text, bigint) to ledger_writer;
