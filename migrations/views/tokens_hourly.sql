create or replace view ledger.tokens_hourly with (security_invoker = true) as
select bucket as hour, user_id, kind, source, provider, model, sum(calls) as calls,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(cost_usd) as cost_usd, sum(duration_ms) as duration_ms
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;
comment on view ledger.tokens_hourly is 'Tokens and cost by hour and dimension.';
grant select on ledger.tokens_hourly to ledger_reader, ledger_writer;
