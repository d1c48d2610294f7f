-- Distributes the tables: the ledger by origin, budgets by user. An ingest then touches one shard.
--
-- psql -v shards=8 -f migrations/citus/2_distribute.sql
begin;
-- One connection a worker: else the triggers' DDL meets itself.
set local citus.multi_shard_modify_mode to 'sequential';
-- The append-only triggers hold on the shards too; Citus wants to be told that this is meant.
set local citus.enable_unsafe_triggers to on;

select create_distributed_table('ledger.events', 'origin', shard_count := :shards, colocate_with := 'none');
select create_distributed_table('ledger.usage_hourly', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.usage_daily', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.usage_by_user_daily', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.usage_by_user_monthly', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.usage_by_model_daily', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.usage_by_model_hourly', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.checkpoints', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.containers', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.sealed_months', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.sharing_journals', 'origin', colocate_with := 'ledger.events');
select create_distributed_table('ledger.quotas', 'user_id', shard_count := :shards, colocate_with := 'none');
select create_distributed_table('ledger.budget_windows', 'user_id', colocate_with := 'ledger.quotas');
select create_distributed_table('ledger.budget_leases', 'user_id', colocate_with := 'ledger.quotas');
commit;
