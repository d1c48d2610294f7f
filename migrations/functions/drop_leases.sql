-- A limit that a journal does not know any more, or counts in other windows from now on, binds nobody through it.
create or replace function ledger.drop_leases(in_origin text, users jsonb, kept jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from ledger.budget_leases l
  where origin = in_origin and ends_at > now()
    and user_id in (select u.user_id from jsonb_to_recordset(users) as u (user_id text))
    and not exists (
      select from jsonb_to_recordset(kept) as k (user_id text, measure text, period text, ends_at timestamptz)
      where k.user_id = l.user_id and k.measure = l.measure and k.period = l.period and k.ends_at = l.ends_at)
$$;
comment on function ledger.drop_leases(text, jsonb, jsonb) is
  'Deletes a journal''s leases of some users'' limits in the current windows, but for those that are named.';
revoke execute on function ledger.drop_leases(text, jsonb, jsonb) from public;
grant execute on function ledger.drop_leases(text, jsonb, jsonb) to ledger_writer;
