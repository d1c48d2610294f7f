create or replace function ledger.add_usage(in_origin text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.usage_hourly as stored (
    origin, user_id, bucket, kind, source, provider, model, calls, errors, rejected, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, estimated_usd, unpriced_calls, held_usd, duration_ms,
    dispatches, failed_dispatches, cpu_ms, memory_mib_s)
  select in_origin, user_id, bucket, kind, source, provider, model,
    calls, errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd,
    estimated_usd, unpriced_calls, held_usd, duration_ms, dispatches, failed_dispatches, cpu_ms, memory_mib_s
  from pg_temp.ledger_incoming_usage
  on conflict (origin, user_id, bucket, kind, source, provider, model) do update set
    calls = stored.calls + excluded.calls, errors = stored.errors + excluded.errors,
    rejected = stored.rejected + excluded.rejected, input_tokens = stored.input_tokens + excluded.input_tokens,
    output_tokens = stored.output_tokens + excluded.output_tokens,
    cache_read_tokens = stored.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = stored.cache_write_tokens + excluded.cache_write_tokens,
    cost_usd = stored.cost_usd + excluded.cost_usd, estimated_usd = stored.estimated_usd + excluded.estimated_usd,
    unpriced_calls = stored.unpriced_calls + excluded.unpriced_calls, held_usd = stored.held_usd + excluded.held_usd,
    duration_ms = stored.duration_ms + excluded.duration_ms, dispatches = stored.dispatches + excluded.dispatches,
    failed_dispatches = stored.failed_dispatches + excluded.failed_dispatches,
    cpu_ms = stored.cpu_ms + excluded.cpu_ms, memory_mib_s = stored.memory_mib_s + excluded.memory_mib_s;
  insert into ledger.usage_daily as stored (
    origin, user_id, bucket, kind, source, provider, model, calls, errors, rejected, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, estimated_usd, unpriced_calls, held_usd, duration_ms,
    dispatches, failed_dispatches, cpu_ms, memory_mib_s)
  select in_origin, user_id, date_trunc('day', bucket, 'UTC'), kind, source, provider, model,
    sum(calls), sum(errors), sum(rejected), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
    sum(cache_write_tokens), sum(cost_usd), sum(estimated_usd), sum(unpriced_calls), sum(held_usd), sum(duration_ms),
    sum(dispatches), sum(failed_dispatches), sum(cpu_ms), sum(memory_mib_s)
  from pg_temp.ledger_incoming_usage
  group by 2, 3, 4, 5, 6, 7
  on conflict (origin, user_id, bucket, kind, source, provider, model) do update set
    calls = stored.calls + excluded.calls, errors = stored.errors + excluded.errors,
    rejected = stored.rejected + excluded.rejected, input_tokens = stored.input_tokens + excluded.input_tokens,
    output_tokens = stored.output_tokens + excluded.output_tokens,
    cache_read_tokens = stored.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = stored.cache_write_tokens + excluded.cache_write_tokens,
    cost_usd = stored.cost_usd + excluded.cost_usd, estimated_usd = stored.estimated_usd + excluded.estimated_usd,
    unpriced_calls = stored.unpriced_calls + excluded.unpriced_calls, held_usd = stored.held_usd + excluded.held_usd,
    duration_ms = stored.duration_ms + excluded.duration_ms, dispatches = stored.dispatches + excluded.dispatches,
    failed_dispatches = stored.failed_dispatches + excluded.failed_dispatches,
    cpu_ms = stored.cpu_ms + excluded.cpu_ms, memory_mib_s = stored.memory_mib_s + excluded.memory_mib_s;
end
$$;
comment on function ledger.add_usage(text) is 'Adds ledger_incoming_usage to the hourly and the daily sums.';
revoke execute on function ledger.add_usage(text) from public;
