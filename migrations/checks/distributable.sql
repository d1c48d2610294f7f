-- What would stop the schema from being distributed over several servers, or from staying append-only.
--
-- Every row is a finding; a good schema returns none. It is one statement that reads catalogs only.
-- Run it on a migrated database: psql -At -f migrations/checks/distributable.sql
with keyed (name, key) as (
  values ('ledger.events', 'origin'), ('ledger.usage_hourly', 'origin'), ('ledger.checkpoints', 'origin'),
    ('ledger.containers', 'origin'), ('ledger.usage_daily', 'origin'), ('ledger.sealed_months', 'origin'),
    ('ledger.usage_by_user_daily', 'origin'), ('ledger.usage_by_user_monthly', 'origin'),
    ('ledger.usage_by_model_daily', 'origin'), ('ledger.usage_by_model_hourly', 'origin'),
    ('ledger.sharing_journals', 'origin'), ('ledger.quotas', 'user_id'), ('ledger.budget_windows', 'user_id'), ('ledger.budget_leases', 'user_id')
), parents as (
  -- A later migration may bring a table that is named above: it counts from the day it is there.
  select name, key, to_regclass(name)::oid as oid from keyed where to_regclass(name) is not null
), tables as (
  select name, key, oid from parents
  union all
  select inhrelid::regclass::text, key, inhrelid from parents join pg_inherits on inhparent = oid
), columns as (
  select t.name, t.key, t.oid, a.attnum, a.attnotnull, a.attgenerated, a.attidentity,
    a.atttypid = 'text'::regtype as is_text
  from tables t join pg_attribute a on a.attrelid = t.oid and a.attname = t.key
), bodies as (
  select oid::regprocedure::text as name, coalesce(prosrc, '') as text
  from pg_proc where pronamespace = 'ledger'::regnamespace
  union all
  select c.oid::regclass::text, pg_get_viewdef(c.oid)
  from pg_class c where relnamespace = 'ledger'::regnamespace and relkind in ('v', 'm')
), patterns (what, pattern) as (
  values ('date_trunc without a time zone', 'date_trunc\s*\([^(),]*,([^(),]|\([^()]*\))*\)'),
    ('grouping sets', '\m(rollup|cube|grouping\s+sets)\s*\('),
    ('merge', '\mmerge\s+into\M'),
    ('recursive query', '\mwith\s+recursive\M'),
    ('volatile function in an update', '\mupdate\M[^;]*\mset\M[^;]*(clock_timestamp|random|gen_random_uuid|nextval)\s*\('),
    ('volatile function in a delete', '\mdelete\s+from\M[^;]*(clock_timestamp|random|gen_random_uuid|nextval)\s*\(')
), findings (finding, object) as (
  select 'expected table is missing', name from (values ('ledger.events'), ('ledger.usage_hourly'),
    ('ledger.usage_daily'), ('ledger.usage_by_user_daily'), ('ledger.usage_by_user_monthly'),
    ('ledger.usage_by_model_daily'), ('ledger.usage_by_model_hourly'), ('ledger.checkpoints'), ('ledger.containers'), ('ledger.quotas'),
    ('ledger.sealed_months'), ('ledger.budget_windows'), ('ledger.budget_leases'), ('ledger.sharing_journals')) v (name)
    where to_regclass(name) is null
  union all
  select 'table without its distribution column', t.name from tables t
    where not exists (select 1 from columns c where c.oid = t.oid)
  union all
  select 'distribution column is not "text not null"', name from columns where not (attnotnull and is_text)
  union all
  select 'distribution column is generated', name from columns where attgenerated <> '' or attidentity <> ''
  union all
  select 'unique without the distribution column', indexrelid::regclass::text
    from columns join pg_index on indrelid = oid
    where (indisunique or indisexclusion) and not attnum = any (indkey::smallint[])
  union all
  select 'foreign key off the distribution column', k.conname from pg_constraint k
    join columns here on here.oid = k.conrelid
    left join columns there on there.oid = k.confrelid
    where k.contype = 'f' and k.conparentid = 0 and not coalesce(
      here.key = there.key and array_position(k.conkey, here.attnum) = array_position(k.confkey, there.attnum), false)
  union all
  select 'statement trigger on a row change', t.name || ': ' || tgname
    from pg_trigger join tables t on t.oid = tgrelid
    where not tgisinternal and tgtype & 1 = 0 and tgtype & (4 | 8 | 16) <> 0
  union all
  select 'trigger mixes truncate with row changes', t.name || ': ' || tgname
    from pg_trigger join tables t on t.oid = tgrelid
    where not tgisinternal and tgtype & 32 <> 0 and tgtype & (8 | 16) <> 0
  union all
  -- 16 is update, 8 is delete, 32 is truncate; disabled triggers do not count.
  select 'append-only trigger is missing (' || need.what || ')', t.name
    from tables t cross join (values ('update', 16), ('delete', 8), ('truncate', 32)) need (what, bit)
    where (t.oid = to_regclass('ledger.events') or exists (
        select 1 from pg_inherits where inhrelid = t.oid and inhparent = to_regclass('ledger.events')))
      and not exists (select 1 from pg_trigger where tgrelid = t.oid and tgtype & need.bit <> 0 and tgtype & 2 <> 0
        and tgenabled in ('O', 'A'))
  union all
  select 'rewrite rule', t.name || ': ' || rulename from pg_rewrite join tables t on ev_class = t.oid
  union all
  select 'view without security_invoker', oid::regclass::text from pg_class
    where relnamespace = 'ledger'::regnamespace and relkind = 'v'
      and not coalesce(reloptions @> '{security_invoker=true}', false)
  union all
  select 'owner cannot log in', rolname from pg_roles r where not rolcanlogin and (
      exists (select 1 from pg_class where relowner = r.oid and relnamespace = 'ledger'::regnamespace)
      or exists (select 1 from pg_proc where proowner = r.oid and pronamespace = 'ledger'::regnamespace))
  union all
  select 'function that everyone may execute', p.oid::regprocedure::text from pg_proc p
    where pronamespace = 'ledger'::regnamespace
      and exists (select 1 from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0)
  union all
  select 'definer function with an open search_path', p.oid::regprocedure::text from pg_proc p
    where pronamespace = 'ledger'::regnamespace and prosecdef
      and not exists (select 1 from unnest(proconfig) setting where setting like 'search_path=%')
  union all
  select 'no comment', c.oid::regclass::text from pg_class c
    where relnamespace = 'ledger'::regnamespace and relkind in ('r', 'p', 'v')
      and obj_description(c.oid, 'pg_class') is null
  union all
  select 'no comment', c.oid::regclass || '.' || attname from pg_class c join pg_attribute on attrelid = c.oid
    where relnamespace = 'ledger'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
      and attnum > 0 and not attisdropped and col_description(c.oid, attnum) is null
  union all
  select 'no comment', p.oid::regprocedure::text from pg_proc p
    where pronamespace = 'ledger'::regnamespace and obj_description(p.oid, 'pg_proc') is null
  union all
  select patterns.what || ' in a body', bodies.name from bodies join patterns on bodies.text ~* patterns.pattern
)
select finding, object from findings order by finding, object;
