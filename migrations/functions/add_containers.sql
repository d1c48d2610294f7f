create or replace function ledger.add_containers(in_origin text, containers jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into ledger.containers (origin, handle, user_id, container_id, image, status, changed_at, ooms)
  select in_origin, added.handle, added.user_id, added.container_id, added.image,
    coalesce(added.status, stored.status, 'running'),
    case when added.status is null then coalesce(stored.changed_at, added.changed_at) else added.changed_at end,
    case when coalesce(added.is_new, false) then added.ooms else coalesce(stored.ooms, 0) + added.ooms end
  from jsonb_to_recordset(containers) as added (handle text, user_id text, container_id text, image text,
      is_new boolean, status text, changed_at timestamptz, ooms bigint)
    left join ledger.containers stored on stored.origin = in_origin and stored.handle = added.handle
  on conflict (origin, handle) do update set
    user_id = excluded.user_id, container_id = excluded.container_id, image = excluded.image,
    status = excluded.status, changed_at = excluded.changed_at, ooms = excluded.ooms
$$;
comment on function ledger.add_containers(text, jsonb) is
  'Lays what a batch did to containers over what is stored; a null status stays as it is.';
revoke execute on function ledger.add_containers(text, jsonb) from public;
