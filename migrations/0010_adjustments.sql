-- Costs that are known better later: an event cost.adjusted says what something recorded cost until now and what it costs
-- from now on. The sums have the difference in the hour of what it corrects, and once more apart, so that what was first
-- billed can still be told.

do $$
declare
  name text;
begin
  foreach name in array array['usage_hourly', 'usage_daily', 'usage_by_user_daily', 'usage_by_user_monthly',
    'usage_by_model_hourly', 'usage_by_model_daily']
  loop
    execute format('alter table ledger.%I add column adjustments bigint not null default 0,'
      ' add column adjusted_usd numeric(38, 18) not null default 0', name);
    execute format('comment on column ledger.%I.adjustments is %L', name, 'Corrections of costs.');
    execute format('comment on column ledger.%I.adjusted_usd is %L', name,
      'What corrections added to cost_usd, in US dollars: without it the cost is as it was first recorded.');
  end loop;
end
$$;

comment on column ledger.events.cost_usd is
  'Exact cost in US dollars; null where there is none or it is not known. Of dispatch.completed a memo where the run''s calls are in here too; of cost.adjusted the difference to what it corrects: sum usage_hourly, not this.';

-- Corrections are few, and asked for by what they correct.
create index events_adjustments on ledger.events (origin, ((details ->> 'original')::bigint), recorded_at)
  where type = 'cost.adjusted';
