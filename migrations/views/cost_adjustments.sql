create or replace view ledger.cost_adjustments with (security_invoker = true) as
select origin, position, recorded_at, user_id, details ->> 'kind' as kind,
  (details ->> 'original')::bigint as original_position, (details ->> 'recordedAt')::timestamptz as original_recorded_at,
  call_id, dispatch_id, source, provider, model,
  details #>> '{old,costState}' as old_state, (details #>> '{old,costUsd}')::numeric(38, 18) as old_usd,
  (details #>> '{old,heldUsd}')::numeric(38, 18) as old_held_usd, details #>> '{old,priceBook}' as old_price_book,
  cost_state as new_state, (details #>> '{new,costUsd}')::numeric(38, 18) as new_usd,
  price_book as new_price_book, cost_usd as difference_usd, details ->> 'reason' as reason, details ->> 'by' as adjusted_by
from ledger.events
where type = 'cost.adjusted';
comment on view ledger.cost_adjustments is
  'Every correction of a recorded cost: what it was, what it is, why and by whom. Filter on recorded_at, or on origin and original_position.';
comment on column ledger.cost_adjustments.origin is 'The journal that it is in.';
comment on column ledger.cost_adjustments.position is 'Its position there.';
comment on column ledger.cost_adjustments.recorded_at is 'When it was made.';
comment on column ledger.cost_adjustments.user_id is 'Who is charged.';
comment on column ledger.cost_adjustments.kind is 'What is corrected: call, dispatch or report.';
comment on column ledger.cost_adjustments.original_position is 'The position of the event that it corrects.';
comment on column ledger.cost_adjustments.original_recorded_at is 'When that was recorded: the sums of that hour have the difference.';
comment on column ledger.cost_adjustments.call_id is 'The call.';
comment on column ledger.cost_adjustments.dispatch_id is 'The agent run that it names.';
comment on column ledger.cost_adjustments.source is 'Where the work came from.';
comment on column ledger.cost_adjustments.provider is 'Whose model answered.';
comment on column ledger.cost_adjustments.model is 'Which model answered.';
comment on column ledger.cost_adjustments.old_state is 'How well its cost was known: priced, estimated or unpriced.';
comment on column ledger.cost_adjustments.old_usd is 'What it cost until now, in US dollars; null where that was not known.';
comment on column ledger.cost_adjustments.old_held_usd is 'What it held of its user''s budget while it had no price, in US dollars.';
comment on column ledger.cost_adjustments.old_price_book is 'The content hash of the price book that it came from.';
comment on column ledger.cost_adjustments.new_state is 'How well its cost is known now.';
comment on column ledger.cost_adjustments.new_usd is 'What it costs from now on, in US dollars.';
comment on column ledger.cost_adjustments.new_price_book is 'The content hash of the price book that this comes from.';
comment on column ledger.cost_adjustments.difference_usd is 'What is added to the sums, in US dollars; negative where it was too much.';
comment on column ledger.cost_adjustments.reason is 'Why, in the words of whoever asked for it.';
comment on column ledger.cost_adjustments.adjusted_by is 'Who asked for it.';
grant select on ledger.cost_adjustments to ledger_reader, ledger_writer;
