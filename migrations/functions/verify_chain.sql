-- With the owner's rights, so that an auditor who may not read a line can have all of them checked.
create or replace function ledger.verify_chain(in_origin text, first bigint, last bigint)
returns table (checked bigint, broken_at bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  event record;
  expected bigint := first;
  chain bytea;
  bytes bytea;
begin
  checked := 0;
  chain := ledger.chain_before(in_origin, first);
  for event in
    select e.position, e.chain, e.line from ledger.events e
    where e.origin = in_origin and e.position between first and last order by e.position
  loop
    bytes := convert_to(event.line, 'UTF8');
    -- A line ends in ,"chain":"64 digits"} which is 76 bytes; the chain covers what is before.
    chain := sha256(chain || substring(bytes for octet_length(bytes) - 76));
    if event.position <> expected or chain is distinct from event.chain
      or substring(bytes from octet_length(bytes) - 75)
        is distinct from convert_to(',"chain":"' || encode(chain, 'hex') || '"}', 'UTF8')
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
revoke execute on function ledger.verify_chain(text, bigint, bigint) from public;
grant execute on function ledger.verify_chain(text, bigint, bigint) to ledger_writer, ledger_reader;
