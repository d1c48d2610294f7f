create or replace function ledger.seal_month(in_origin text, in_month timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  month_start timestamptz := date_trunc('month', in_month, 'UTC');
  month_end timestamptz := date_trunc('month', date_trunc('month', in_month, 'UTC') + interval '32 days', 'UTC');
  stored record;
  check_result record;
  before bytea;
  after bytea;
begin
  select min(position) as first, max(position) as last into stored from ledger.events
  where origin = in_origin and recorded_at >= month_start and recorded_at < month_end;
  if stored.first is null then
    raise exception 'the journal "%" has no event in %', in_origin, to_char(month_start at time zone 'UTC', 'YYYY-MM')
      using errcode = '02000';
  end if;
  if not exists (select from ledger.events where origin = in_origin and recorded_at >= month_end) then
    raise exception 'the journal "%" may still have more of %', in_origin, to_char(month_start at time zone 'UTC', 'YYYY-MM')
      using errcode = '55000', hint = 'A month is over when an event of a later one is stored.';
  end if;
  before := ledger.chain_before(in_origin, stored.first);
  if before is null then
    raise exception 'what is before position % of "%" is neither stored nor sealed', stored.first, in_origin
      using errcode = '55000', hint = 'Seal the months in their order.';
  end if;
  select * into check_result from ledger.verify_chain(in_origin, stored.first, stored.last);
  if check_result.broken_at is not null then
    raise exception 'the journal "%" is broken at position %: the month is not sealed', in_origin, check_result.broken_at
      using errcode = '22000';
  end if;
  select chain into after from ledger.events
  where origin = in_origin and position = stored.last and recorded_at >= month_start and recorded_at < month_end;
  insert into ledger.sealed_months (origin, month, first_position, last_position, chain_before, chain)
  values (in_origin, month_start, stored.first, stored.last, before, after)
  on conflict (origin, month) do nothing;
  return check_result.checked;
end
$$;
comment on function ledger.seal_month(text, timestamptz) is
  'Recomputes the chain of one journal''s month that is over and records it, so that the month may be retired; returns how many events it has.';
revoke execute on function ledger.seal_month(text, timestamptz) from public;
grant execute on function ledger.seal_month(text, timestamptz) to ledger_writer;
