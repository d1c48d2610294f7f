create or replace view ledger.audit_log with (security_invoker = true) as
select origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source, provider, model,
  result, cost_state, input_tokens, output_tokens, cost_usd, duration_ms, provider_request_id, billing, price_book, details
from ledger.events;
comment on view ledger.audit_log is 'Every event without its line, so that no prompt can be read here.';
grant select on ledger.audit_log to ledger_reader, ledger_writer;
