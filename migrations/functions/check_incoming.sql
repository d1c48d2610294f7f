-- By itself it lets one session have its lines checked while another stores: what was found counts for the lines that are
-- in ledger_incoming now, and until the transaction ends.
create or replace function ledger.check_incoming(in_origin text, after_position bigint, after_chain bytea) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB' as $$
declare
  staged bigint;
  broken bigint;
begin
  perform ledger.require_incoming();
  if after_position = 0 and after_chain <> sha256(convert_to('dispatch-ledger:' || in_origin, 'UTF8')) then
    raise exception 'the journal "%" does not begin with this chain', in_origin using errcode = '22000';
  end if;
  select count(*), min(number) filter (where is_whole is not true) into staged, broken
  from (
    select number, position = after_position + number
        and chain = sha256(chain_before || substring(bytes for greatest(octet_length(bytes) - 76, 0)))
        and substring(bytes from octet_length(bytes) - 75)
          = convert_to(',"chain":"' || encode(chain, 'hex') || '"}', 'UTF8') as is_whole
    from (
      select position, chain, convert_to(line, 'UTF8') as bytes, row_number() over in_order as number,
        lag(chain, 1, after_chain) over in_order as chain_before
      from pg_temp.ledger_incoming
      window in_order as (order by position)
    ) lines
  ) links;
  if staged = 0 then raise exception 'nothing was sent to ledger_incoming' using errcode = '22000'; end if;
  if broken is not null then
    raise exception 'the journal "%" does not go on at position % with the line that was sent',
      in_origin, after_position + broken using errcode = '22000';
  end if;
  insert into pg_temp.ledger_checked (origin, after_position, after_chain, lines, last_chain)
  select in_origin, after_position, after_chain, staged, chain
  from pg_temp.ledger_incoming where position = after_position + staged;
end
$$;
comment on function ledger.check_incoming(text, bigint, bytea) is
  'Checks that what is in ledger_incoming goes on with the journal from this position, byte by byte; ledger.ingest does it where it was not done.';
revoke execute on function ledger.check_incoming(text, bigint, bytea) from public;
grant execute on function ledger.check_incoming(text, bigint, bytea) to ledger_writer;
