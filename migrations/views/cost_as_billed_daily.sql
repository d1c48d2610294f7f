create or replace view ledger.cost_as_billed_daily with (security_invoker = true) as
select bucket as day, user_id, kind, source, provider, model, cost_usd - adjusted_usd as billed_usd, adjusted_usd,
  cost_usd, adjustments, origin
from ledger.usage_daily;
comment on view ledger.cost_as_billed_daily is
  'Cost by UTC day and dimension, as it was first recorded and as it is known now: filter on day, and sum.';
comment on column ledger.cost_as_billed_daily.day is 'The start of the day (UTC).';
comment on column ledger.cost_as_billed_daily.user_id is 'Who is charged.';
comment on column ledger.cost_as_billed_daily.kind is 'What is counted: call, dispatch, report or compute.';
comment on column ledger.cost_as_billed_daily.source is 'Where the work came from, or empty.';
comment on column ledger.cost_as_billed_daily.provider is 'Whose model answered, or empty.';
comment on column ledger.cost_as_billed_daily.model is 'Which model answered, or empty.';
comment on column ledger.cost_as_billed_daily.billed_usd is 'Exact cost in US dollars as it was first recorded; corrections never change it.';
comment on column ledger.cost_as_billed_daily.adjusted_usd is 'What corrections added, in US dollars; negative where it was too much.';
comment on column ledger.cost_as_billed_daily.cost_usd is 'Exact cost in US dollars as it is known now: the two together.';
comment on column ledger.cost_as_billed_daily.adjustments is 'How many corrections that are.';
comment on column ledger.cost_as_billed_daily.origin is 'The journal that the row sums: with several journals there are several rows.';
grant select on ledger.cost_as_billed_daily to ledger_reader, ledger_writer;
