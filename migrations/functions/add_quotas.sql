-- Several journals may set one user's limits: the latest word stands, whatever order it arrives in.
create or replace function ledger.add_quotas(in_origin text, quotas jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into ledger.quotas as stored (user_id, daily_limit_usd, monthly_limit_usd, daily_tokens, is_enabled, is_removed,
    changed_at, changed_by, origin, position)
  select user_id, daily_limit_usd, monthly_limit_usd, daily_tokens, coalesce(is_enabled, false),
    coalesce(is_removed, false), changed_at, changed_by, in_origin, position
  from jsonb_to_recordset(quotas) as added (user_id text, daily_limit_usd numeric, monthly_limit_usd numeric,
    daily_tokens bigint, is_enabled boolean, is_removed boolean, changed_at timestamptz, changed_by text, position bigint)
  on conflict (user_id) do update set
    daily_limit_usd = excluded.daily_limit_usd, monthly_limit_usd = excluded.monthly_limit_usd,
    daily_tokens = excluded.daily_tokens, is_enabled = excluded.is_enabled, is_removed = excluded.is_removed,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by, origin = excluded.origin,
    position = excluded.position
  where (excluded.changed_at, excluded.origin, excluded.position) > (stored.changed_at, stored.origin, stored.position)
$$;
comment on function ledger.add_quotas(text, jsonb) is 'Keeps each user''s last limits: one change a user in quotas.';
revoke execute on function ledger.add_quotas(text, jsonb) from public;
