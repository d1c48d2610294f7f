-- The tables of sums have the same columns and differ in what they keep apart. Their statements are written out here,
-- once, and not each time they run: then a session plans them once.
do $make$
declare
  sums constant text := 'calls, errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,'
    ' cost_usd, estimated_usd, unpriced_calls, held_usd, duration_ms, dispatches, failed_dispatches, cpu_ms,'
    ' memory_mib_s, adjustments, adjusted_usd';
  day constant text := 'date_trunc(''day'', bucket, ''UTC'')';
  month constant text := 'date_trunc(''month'', bucket, ''UTC'')';
  statements text := '';
  kept record;
begin
  for kept in
    select * from (values ('usage_hourly', 'bucket', 'user_id, kind, source, provider, model'),
      ('usage_daily', day, 'user_id, kind, source, provider, model'),
      ('usage_by_user_daily', day, 'user_id'), ('usage_by_user_monthly', month, 'user_id'),
      ('usage_by_model_hourly', 'bucket', 'kind, source, provider, model'),
      ('usage_by_model_daily', day, 'kind, source, provider, model')) tables (name, bucket, dimensions)
  loop
    statements := statements || format('
  insert into ledger.%1$I as stored (origin, bucket, %3$s, %4$s)
  select in_origin, %2$s, %3$s, %5$s
  from pg_temp.ledger_incoming_usage group by %2$s, %3$s
  on conflict (origin, bucket, %3$s) do update set %6$s;',
      kept.name, kept.bucket, kept.dimensions, sums, regexp_replace(sums, '\w+', 'sum(\&)', 'g'),
      regexp_replace(sums, '\w+', '\& = stored.\& + excluded.\&', 'g'));
  end loop;
  execute format('create or replace function ledger.add_usage(in_origin text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as %L', E'\nbegin' || statements || E'\nend\n');
end
$make$;
comment on function ledger.add_usage(text) is 'Adds ledger_incoming_usage to every table of sums.';
revoke execute on function ledger.add_usage(text) from public;
