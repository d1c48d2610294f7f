-- Smaller sums, for dashboards: whoever asks by user and day or month, or by model and hour or day, reads a row for each
-- of these and not one for each combination with the rest.
--
-- Their keys begin with the time, so that the key is the index of a range of time. Rows change while their bucket lasts:
-- a page keeps room for it.

create table ledger.usage_by_user_daily (like ledger.usage_daily including defaults including comments)
  with (fillfactor = 80);
alter table ledger.usage_by_user_daily
  drop column kind, drop column source, drop column provider, drop column model,
  add primary key (bucket, user_id, origin);
create index usage_by_user_daily_of_user on ledger.usage_by_user_daily (user_id, bucket);
comment on table ledger.usage_by_user_daily is
  'Sums by UTC day and user: usage_hourly, added up in the same transaction.';

-- Everybody's row of the month changes all the time.
create table ledger.usage_by_user_monthly (like ledger.usage_daily including defaults including comments)
  with (fillfactor = 50);
alter table ledger.usage_by_user_monthly
  drop column kind, drop column source, drop column provider, drop column model,
  add primary key (bucket, user_id, origin);
comment on table ledger.usage_by_user_monthly is
  'Sums by UTC month and user: usage_hourly, added up in the same transaction.';
comment on column ledger.usage_by_user_monthly.bucket is 'The start of the month (UTC).';

create table ledger.usage_by_model_daily (like ledger.usage_daily including defaults including comments)
  with (fillfactor = 80);
alter table ledger.usage_by_model_daily
  drop column user_id, add primary key (bucket, kind, source, provider, model, origin);
comment on table ledger.usage_by_model_daily is
  'Sums by UTC day, kind, source, provider and model: usage_hourly without users, added up in the same transaction.';

create table ledger.usage_by_model_hourly (like ledger.usage_hourly including defaults including comments)
  with (fillfactor = 80);
alter table ledger.usage_by_model_hourly
  drop column user_id, add primary key (bucket, kind, source, provider, model, origin);
comment on table ledger.usage_by_model_hourly is
  'Sums by UTC hour, kind, source, provider and model: usage_hourly without users, added up in the same transaction.';

do $$
declare
  sums constant text := 'calls, errors, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,'
    ' cost_usd, estimated_usd, unpriced_calls, held_usd, duration_ms, dispatches, failed_dispatches, cpu_ms,'
    ' memory_mib_s';
  target record;
begin
  for target in
    select * from (values ('usage_by_user_daily', 'day', 'user_id'), ('usage_by_user_monthly', 'month', 'user_id'),
      ('usage_by_model_daily', 'day', 'kind, source, provider, model'),
      ('usage_by_model_hourly', 'hour', 'kind, source, provider, model')) tables (name, bucket, dimensions)
  loop
    execute format('insert into ledger.%1$I (origin, bucket, %3$s, %4$s)'
      ' select origin, date_trunc(%2$L, bucket, ''UTC''), %3$s, %5$s'
      ' from ledger.usage_hourly group by 1, 2, %3$s order by 2',
      target.name, target.bucket, target.dimensions, sums, regexp_replace(sums, '\w+', 'sum(\&)', 'g'));
  end loop;
end
$$;

-- The hours in which agent runs ended are among the sums by model and hour now.
drop index ledger.usage_hourly_dispatches;

grant select on ledger.usage_by_user_daily, ledger.usage_by_user_monthly, ledger.usage_by_model_daily,
  ledger.usage_by_model_hourly to ledger_writer, ledger_reader;

-- Compiling a question takes longer than answering it: the planner takes the ranges of time in the views for larger than
-- they are.
do $$
begin
  if not exists (select 1 from pg_db_role_setting
    where setrole = 'ledger_reader'::regrole and setdatabase = 0 and 'jit=off' = any (setconfig))
  then
    alter role ledger_reader set jit = off;
  end if;
exception when insufficient_privilege or internal_error then
  null;  -- the role belongs to somebody else, or another database's migration sets it at this moment
end
$$;
