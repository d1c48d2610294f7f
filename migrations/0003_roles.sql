-- The two roles beside the owner. They belong to the cluster, so another database may have made them already.
-- They may log in but have no password: say how in pg_hba.conf, or give them one with \password.

do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'ledger_writer') then
    create role ledger_writer login;
    comment on role ledger_writer is 'Dispatch Ledger: appends events and moves checkpoints.';
  end if;
exception when duplicate_object or unique_violation then
  null;  -- made by another database's migration at this moment
end
$$;

do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'ledger_reader') then
    create role ledger_reader login;
    comment on role ledger_reader is 'Dispatch Ledger: reads the views; never a line.';
    alter role ledger_reader set default_transaction_read_only = on;
    alter role ledger_reader set statement_timeout = '30s';
  end if;
exception when duplicate_object or unique_violation then
  null;
end
$$;

grant usage on schema ledger to ledger_writer, ledger_reader;

grant select on ledger.schema_migrations to ledger_writer, ledger_reader;
grant select, insert on ledger.events to ledger_writer;
grant select, insert, update on ledger.usage_hourly, ledger.checkpoints to ledger_writer;
grant execute on function ledger.ensure_partition(timestamptz), ledger.create_partitions(integer),
  ledger.verify_chain(text, bigint, bigint) to ledger_writer;
grant execute on function ledger.schema_version() to ledger_writer, ledger_reader;

-- The reader sees columns, not the table: a line may hold a prompt.
grant select (origin, position, recorded_at, id, type, user_id, call_id, dispatch_id, session_id, source, provider,
  model, result, cost_state, input_tokens, output_tokens, cost_usd, duration_ms, provider_request_id)
  on ledger.events to ledger_reader;
grant select on ledger.usage_hourly, ledger.checkpoints to ledger_reader;
grant select on ledger.cost_daily, ledger.cost_by_user, ledger.cost_by_model, ledger.tokens_hourly,
  ledger.unpriced_calls, ledger.dispatch_latency_hourly, ledger.audit_log to ledger_reader, ledger_writer;
