-- What was leased in windows that ended a while ago is of no use any more: events say what was spent. Never less than a day.
create or replace function ledger.forget_leases(ended_before timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  forgotten bigint;
begin
  delete from ledger.budget_windows w using (
      select user_id, measure, period, ends_at from ledger.budget_windows
      where ends_at < least(ended_before, now() - interval '1 day') limit 5000) old
  where w.user_id = old.user_id and w.measure = old.measure and w.period = old.period and w.ends_at = old.ends_at;
  get diagnostics forgotten = row_count;
  return forgotten = 5000;
end
$$;
comment on function ledger.forget_leases(timestamptz) is
  'Deletes windows that ended before a time, a day ago at least, with their leases; whether there may be more.';
revoke execute on function ledger.forget_leases(timestamptz) from public;
grant execute on function ledger.forget_leases(timestamptz) to ledger_writer;
