create or replace view ledger.audit_log with (security_invoker = true) as
select origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source, provider, model,
  result, cost_state, input_tokens, output_tokens, cost_usd, duration_ms, provider_request_id, billing, price_book, details,
  (details ->> 'attempt')::integer as attempt, details ->> 'retryOf' as retry_of
from ledger.events;
comment on view ledger.audit_log is
  'Every event without its line, so that no prompt can be read here: filter on recorded_at, user_id with it, or dispatch_id.';
comment on column ledger.audit_log.origin is 'The journal that the event is in.';
comment on column ledger.audit_log.position is 'Place in that journal: 1, 2, 3 … without gaps.';
comment on column ledger.audit_log.recorded_at is 'When it was appended, to the microsecond.';
comment on column ledger.audit_log.id is 'The event''s own identifier.';
comment on column ledger.audit_log.type is 'What happened: call.settled, dispatch.completed, quota.set, …';
comment on column ledger.audit_log.user_id is 'Whom it concerns; null where it concerns nobody.';
comment on column ledger.audit_log.call_id is 'Shared by all events of one model call.';
comment on column ledger.audit_log.dispatch_id is 'The agent run that it names.';
comment on column ledger.audit_log.session_id is 'The conversation that it names.';
comment on column ledger.audit_log.source is 'Where the work came from.';
comment on column ledger.audit_log.provider is 'Whose model answered.';
comment on column ledger.audit_log.model is 'Which model answered.';
comment on column ledger.audit_log.result is 'ok, error or aborted.';
comment on column ledger.audit_log.cost_state is 'priced, estimated or unpriced.';
comment on column ledger.audit_log.input_tokens is 'All input tokens, cached ones included.';
comment on column ledger.audit_log.output_tokens is 'All output tokens.';
comment on column ledger.audit_log.cost_usd is 'Exact cost in US dollars. Of a proxied run a memo, of cost.adjusted the difference to what it corrects: sum cost_daily, not this.';
comment on column ledger.audit_log.duration_ms is 'How long it took, in milliseconds.';
comment on column ledger.audit_log.provider_request_id is 'The provider''s name for the request.';
comment on column ledger.audit_log.billing is 'Of an agent run: proxied (its cost is a memo) or direct (its cost is money).';
comment on column ledger.audit_log.price_book is 'The content hash of the price book that the cost comes from.';
comment on column ledger.audit_log.details is 'What else a rare event says, as JSON with the journal''s keys; never a prompt.';
comment on column ledger.audit_log.attempt is 'Of a call that is a further try of a request: which one, 2 or more. Null: the first, or nobody said.';
comment on column ledger.audit_log.retry_of is 'The call_id of that request''s first try, where it is known.';
grant select on ledger.audit_log to ledger_reader, ledger_writer;
