-- The tables are temporary, the session's own and empty again after each commit; but they belong to the schema's owner,
-- so that whoever fills them can put no trigger and no view in their place.
create or replace function ledger.open_ingest() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('pg_temp.ledger_incoming') is null then
    create temporary table ledger_incoming (
      position bigint not null, recorded_at timestamptz not null, id uuid not null, type text not null, user_id text,
      call_id text, dispatch_id text, session_id text, source text, provider text, model text, result text,
      cost_state text, billing text, price_book text, input_tokens bigint, output_tokens bigint,
      cost_usd numeric(38, 18), duration_ms bigint, provider_request_id text, details jsonb,
      chain bytea not null, line text not null
    ) on commit delete rows;
    -- It is read once, at once: compressing it would only cost.
    alter table pg_temp.ledger_incoming alter column line set storage external;
    execute format('grant insert on pg_temp.ledger_incoming to ledger_writer, %I', session_user);
  end if;
  if to_regclass('pg_temp.ledger_incoming_usage') is null then
    create temporary table ledger_incoming_usage (like ledger.usage_hourly including defaults) on commit delete rows;
    -- Nothing is taken away from a sum but by a correction, and never from what was billed. NaN is greater than every
    -- number.
    alter table pg_temp.ledger_incoming_usage add check (least(calls, errors, rejected, input_tokens, output_tokens,
      cache_read_tokens, cache_write_tokens, duration_ms, dispatches, failed_dispatches, cpu_ms, memory_mib_s,
      adjustments, cost_usd - adjusted_usd) >= 0
      and (adjustments > 0 or least(cost_usd, estimated_usd, held_usd, unpriced_calls) >= 0 and adjusted_usd = 0)
      and greatest(cost_usd, estimated_usd, held_usd, adjusted_usd) < 'NaN');
    execute format('grant insert on pg_temp.ledger_incoming_usage to ledger_writer, %I', session_user);
  end if;
  if to_regclass('pg_temp.ledger_checked') is null then
    create temporary table ledger_checked (
      origin text not null, after_position bigint not null, after_chain bytea not null, lines bigint not null,
      last_chain bytea not null
    ) on commit delete rows;
  end if;
  perform ledger.require_incoming();
end
$$;
comment on function ledger.open_ingest() is
  'Makes the session''s tables ledger_incoming and ledger_incoming_usage, for COPY, and ledger_checked, which is not for the caller; then call ledger.ingest.';
revoke execute on function ledger.open_ingest() from public;
grant execute on function ledger.open_ingest() to ledger_writer;
