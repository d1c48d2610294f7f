create or replace view ledger.dispatch_cost with (security_invoker = true) as
select run.recorded_at, run.origin, run.position, run.dispatch_id, run.session_id, run.user_id, run.source,
  run.details ->> 'kernel' as kernel, run.provider, run.model, run.result, run.duration_ms, run.billing,
  run.cost_state, run.cost_usd, coalesce(linked.calls, 0) as calls, coalesce(linked.cost_usd, 0) as calls_usd,
  coalesce(linked.unpriced_calls, 0) as unpriced_calls,
  case run.billing when 'direct' then coalesce(run.cost_usd, 0) + coalesce(corrected.cost_usd, 0)
    else coalesce(linked.cost_usd, 0) end as charged_usd
from ledger.events run
  left join lateral (
    select count(*) as calls, sum(call.cost_usd) as cost_usd,
      count(*) filter (where call.is_unpriced) as unpriced_calls
    from (
      select event.origin, sum(event.cost_usd) as cost_usd,
        (array_agg(event.cost_state order by event.position desc) filter (where event.cost_state is not null))[1]
          = 'unpriced' as is_unpriced
      from ledger.events event
      where event.origin = run.origin and event.dispatch_id = run.dispatch_id and event.user_id = run.user_id
        and event.type in ('call.reserved', 'call.settled', 'call.expired', 'cost.adjusted')
        and event.call_id is not null
        and event.recorded_at >= run.recorded_at - run.duration_ms * interval '1 millisecond' - interval '1 day'
      group by event.origin, event.call_id
      having min(event.position) < run.position
    ) call
    group by call.origin
  ) linked on true
  left join lateral (
    select sum(event.cost_usd) as cost_usd
    from ledger.events event
    where event.origin = run.origin and event.dispatch_id = run.dispatch_id and event.user_id = run.user_id
      and event.type = 'cost.adjusted' and event.call_id is null
      and event.recorded_at >= run.recorded_at
    group by event.origin
  ) corrected on true
where run.type = 'dispatch.completed';
comment on view ledger.dispatch_cost is
  'Each agent run that ended, what it says that it cost and what its calls came to: filter on recorded_at or dispatch_id.';
comment on column ledger.dispatch_cost.recorded_at is 'When its end was recorded.';
comment on column ledger.dispatch_cost.origin is 'The journal that it is in.';
comment on column ledger.dispatch_cost.position is 'The position of its end there.';
comment on column ledger.dispatch_cost.dispatch_id is 'The run.';
comment on column ledger.dispatch_cost.session_id is 'The conversation it belongs to.';
comment on column ledger.dispatch_cost.user_id is 'Who is charged.';
comment on column ledger.dispatch_cost.source is 'Where the run came from.';
comment on column ledger.dispatch_cost.kernel is 'What ran it: command, messages or http.';
comment on column ledger.dispatch_cost.provider is 'Whose model answered.';
comment on column ledger.dispatch_cost.model is 'Which model answered most of it.';
comment on column ledger.dispatch_cost.result is 'ok, error or aborted.';
comment on column ledger.dispatch_cost.duration_ms is 'How long it took, in milliseconds.';
comment on column ledger.dispatch_cost.billing is 'proxied: cost_usd is a memo, its calls are the money. direct: cost_usd is the money.';
comment on column ledger.dispatch_cost.cost_state is 'priced, estimated or unpriced.';
comment on column ledger.dispatch_cost.cost_usd is 'What the run says that it cost, in US dollars: sum charged_usd, not this. Null: not known.';
comment on column ledger.dispatch_cost.calls is 'How many of its calls are in the ledger, open ones included.';
comment on column ledger.dispatch_cost.calls_usd is 'What they came to, in US dollars, late ones and corrections included.';
comment on column ledger.dispatch_cost.unpriced_calls is 'How many of them have no known price: calls_usd lacks them.';
comment on column ledger.dispatch_cost.charged_usd is 'What the run has in the sums, once: calls_usd or, of a direct run, cost_usd and its corrections.';
grant select on ledger.dispatch_cost to ledger_reader, ledger_writer;
