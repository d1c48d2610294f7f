-- Everything that ledger_writer may do to the history: go on with a journal from where it stands. The lines are checked
-- here; the columns and sums beside them are the writer's word, which dledger verify compares with the journal.
create or replace function ledger.ingest(
  in_origin text, after_position bigint, after_chain bytea, containers jsonb, quotas jsonb
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  checked record;
begin
  perform ledger.require_incoming();
  for attempt in 1..2 loop
    -- Lines can only be added: as many as were checked are those that were checked.
    select c.lines, c.last_chain into checked from pg_temp.ledger_checked c
    where c.origin = in_origin and c.after_position = ingest.after_position and c.after_chain = ingest.after_chain
      and c.lines = (select count(*) from pg_temp.ledger_incoming);
    exit when found;
    perform ledger.check_incoming(in_origin, after_position, after_chain);
  end loop;
  if exists (select from jsonb_to_recordset(quotas) as said (user_id text, changed_at timestamptz, position bigint)
    where not exists (select from pg_temp.ledger_incoming sent where sent.position = said.position
      and sent.recorded_at = said.changed_at and sent.user_id = said.user_id and sent.type like 'quota.%'))
  then
    raise exception 'limits are said to be set by an event that was not sent' using errcode = '22000';
  end if;
  if (select coalesce(sum(adjustments), 0) from pg_temp.ledger_incoming_usage)
    <> (select count(*) from pg_temp.ledger_incoming where type = 'cost.adjusted')
  then
    raise exception 'sums are said to be corrected by events that were not sent' using errcode = '22000';
  end if;

  if after_position = 0 then
    insert into ledger.checkpoints (origin, position, chain) values (in_origin, checked.lines, checked.last_chain)
    on conflict do nothing;
  else
    update ledger.checkpoints set position = after_position + checked.lines, chain = checked.last_chain, updated_at = now()
    where origin = in_origin and position = after_position and chain = after_chain;
  end if;
  if not found then return false; end if;

  insert into ledger.events (origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source,
    provider, model, result, cost_state, billing, price_book, input_tokens, output_tokens, cost_usd, duration_ms,
    provider_request_id, details, chain, line)
  select in_origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source,
    provider, model, result, cost_state, billing, price_book, input_tokens, output_tokens, cost_usd, duration_ms,
    provider_request_id, details, chain, line
  from pg_temp.ledger_incoming;
  perform ledger.add_usage(in_origin);
  perform ledger.add_containers(in_origin, containers);
  perform ledger.add_quotas(in_origin, quotas);
  return true;
end
$$;
comment on function ledger.ingest(text, bigint, bytea, jsonb, jsonb) is
  'Stores what is in ledger_incoming and ledger_incoming_usage if the journal goes on with it from this checkpoint; false: the checkpoint is elsewhere.';
revoke execute on function ledger.ingest(text, bigint, bytea, jsonb, jsonb) from public;
grant execute on function ledger.ingest(text, bigint, bytea, jsonb, jsonb) to ledger_writer;
