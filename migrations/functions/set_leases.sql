-- Sets leases of one journal, the windows one after another in one order, so that journals never wait for each other in a
-- circle. A claim says what its journal holds already (held), what the smallest call that waits needs (least), what all
-- need (need) and what it would take where there is plenty (wanted); figures are of the whole window.
create or replace function ledger.set_leases(in_origin text, claims jsonb, lease_seconds integer)
returns table (place integer, leased numeric, idle_elsewhere numeric)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  claim record;
  others numeric;
  free numeric;
  lowest numeric;
  more numeric;
  scale integer;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'leases are set at read committed: what others did meanwhile has to be seen' using errcode = '25001';
  end if;
  for claim in
    select * from jsonb_to_recordset(claims) as c (place integer, user_id text, measure text, period text,
      ends_at timestamptz, limit_amount numeric, held numeric, in_use numeric, least numeric, need numeric,
      wanted numeric)
    order by c.user_id, c.measure, c.period, c.ends_at
  loop
    insert into ledger.budget_windows (user_id, measure, period, ends_at)
    values (claim.user_id, claim.measure, claim.period, claim.ends_at) on conflict do nothing;
    perform from ledger.budget_windows w
    where w.user_id = claim.user_id and w.measure = claim.measure and w.period = claim.period
      and w.ends_at = claim.ends_at
    for update;
    -- A statement of its own: it sees what others did before the lock.
    select coalesce(sum(greatest(l.leased, l.in_use)), 0), least(min(l.limit_amount), claim.limit_amount),
      coalesce(sum(greatest(l.leased - l.in_use, 0)), 0)
    into others, lowest, idle_elsewhere
    from ledger.budget_leases l
    where l.user_id = claim.user_id and l.measure = claim.measure and l.period = claim.period
      and l.ends_at = claim.ends_at and l.origin <> in_origin;

    free := greatest(lowest - others - claim.held, 0);
    scale := case claim.measure when 'cost' then 18 else 0 end;
    -- What calls need they get; what is taken ahead is a quarter of what would be left, so that the last of it is shared.
    more := case
      when claim.need <= claim.held then least(claim.wanted - claim.held, trunc(free * 0.25, scale))
      when free >= claim.need - claim.held then claim.need - claim.held
        + greatest(least(claim.wanted - claim.need, trunc((free - claim.need + claim.held) * 0.25, scale)), 0)
      when free >= claim.least - claim.held then free
      else 0 end;
    place := claim.place;
    leased := claim.held + greatest(more, 0);
    insert into ledger.budget_leases as stored (user_id, measure, period, ends_at, origin, limit_amount, leased, in_use,
      changed_at, expires_at)
    values (claim.user_id, claim.measure, claim.period, claim.ends_at, in_origin, claim.limit_amount, leased,
      claim.in_use, now(), least(now() + make_interval(secs => lease_seconds), claim.ends_at))
    on conflict (user_id, measure, period, ends_at, origin) do update set limit_amount = excluded.limit_amount,
      leased = excluded.leased, in_use = excluded.in_use, changed_at = excluded.changed_at,
      expires_at = excluded.expires_at;
    return next;
  end loop;
end
$$;
comment on function ledger.set_leases(text, jsonb, integer) is
  'Grants or takes back what a journal may spend of shared limits; the sum over all journals stays within each limit.';
revoke execute on function ledger.set_leases(text, jsonb, integer) from public;
grant execute on function ledger.set_leases(text, jsonb, integer) to ledger_writer;
