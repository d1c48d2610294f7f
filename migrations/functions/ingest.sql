-- Everything that ledger_writer may do to the history: go on with a journal from where it stands. The lines are checked
-- here; the columns and sums beside them are the writer's word, which dledger verify compares with the journal.
create or replace function ledger.ingest(
  in_origin text, after_position bigint, after_chain bytea, containers jsonb, quotas jsonb
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB' as $$
declare
  staged bigint;
  broken bigint;
  last_chain bytea;
begin
  perform ledger.require_incoming();
  if after_position = 0 and after_chain <> sha256(convert_to('dispatch-ledger:' || in_origin, 'UTF8')) then
    raise exception 'the journal "%" does not begin with this chain', in_origin using errcode = '22000';
  end if;
  select count(*), min(number) filter (where is_whole is not true) into staged, broken
  from (
    select number, position = after_position + number
        and chain = sha256(chain_before || substring(bytes for octet_length(bytes) - 76))
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
  if exists (select from jsonb_to_recordset(quotas) as said (user_id text, changed_at timestamptz, position bigint)
    where not exists (select from pg_temp.ledger_incoming sent where sent.position = said.position
      and sent.recorded_at = said.changed_at and sent.user_id = said.user_id and sent.type like 'quota.%'))
  then
    raise exception 'limits are said to be set by an event that was not sent' using errcode = '22000';
  end if;
  select chain into last_chain from pg_temp.ledger_incoming where position = after_position + staged;

  if after_position = 0 then
    insert into ledger.checkpoints (origin, position, chain) values (in_origin, staged, last_chain)
    on conflict do nothing;
  else
    update ledger.checkpoints set position = after_position + staged, chain = last_chain, updated_at = now()
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
