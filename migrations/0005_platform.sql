-- Containers as they stand, and compute in the hourly sums. Reported usage is in the sums as money of its own, under the
-- kinds report and compute; it is among no calls.

alter table ledger.usage_hourly
  add column cpu_ms bigint not null default 0,
  add column memory_mib_s bigint not null default 0;
comment on column ledger.usage_hourly.cpu_ms is 'Processor time of containers, in milliseconds of one processor.';
comment on column ledger.usage_hourly.memory_mib_s is 'Memory that containers held over time, in mebibyte-seconds.';

create table ledger.containers (
  origin text not null,
  handle text not null,
  user_id text not null,
  container_id text not null,
  image text not null,
  status text not null check (status in ('running', 'stopped', 'destroyed')),
  changed_at timestamptz not null,
  ooms bigint not null default 0,
  primary key (origin, handle)
);
comment on table ledger.containers is 'The last container of each handle, written in the transaction of the events that changed it.';
comment on column ledger.containers.origin is 'The journal that its events are in.';
comment on column ledger.containers.handle is 'The platform''s name for it.';
comment on column ledger.containers.user_id is 'Whose it is.';
comment on column ledger.containers.container_id is 'The engine''s identifier.';
comment on column ledger.containers.image is 'The image that it runs.';
comment on column ledger.containers.status is 'running, stopped or destroyed, as far as is recorded.';
comment on column ledger.containers.changed_at is 'When it was last provisioned, started, stopped or destroyed.';
comment on column ledger.containers.ooms is 'How often one of its processes was ended for want of memory.';

grant select, insert, update on ledger.containers to ledger_writer;
grant select on ledger.containers to ledger_reader;

create or replace view ledger.cost_daily with (security_invoker = true) as
select date_trunc('day', bucket, 'UTC') as day, user_id, kind, source, provider, model,
  sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches,
  sum(cpu_ms) as cpu_ms, sum(memory_mib_s) as memory_mib_s
from ledger.usage_hourly
group by 1, 2, 3, 4, 5, 6;

create or replace view ledger.cost_by_user with (security_invoker = true) as
select user_id, sum(calls) as calls, sum(errors) as errors, sum(rejected) as rejected,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cost_usd) as cost_usd, sum(estimated_usd) as estimated_usd,
  sum(unpriced_calls) as unpriced_calls, sum(held_usd) as held_usd,
  min(bucket) as first_hour, max(bucket) as last_hour,
  sum(dispatches) as dispatches, sum(failed_dispatches) as failed_dispatches,
  sum(cpu_ms) as cpu_ms, sum(memory_mib_s) as memory_mib_s
from ledger.usage_hourly
group by user_id;
