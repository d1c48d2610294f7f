-- Changes of limits and groups that are made in one journal and copied to the others that share limits with it.

create table ledger.sharing_journals (
  origin text not null primary key,
  joined_at timestamptz not null default now()
);
comment on table ledger.sharing_journals is
  'The journals that share limits: each copies the changes of limits and groups that were made in the others.';
comment on column ledger.sharing_journals.origin is 'The journal. Who deletes its row ends that its changes are copied.';
comment on column ledger.sharing_journals.joined_at is 'When it first shared limits.';
grant select, insert on ledger.sharing_journals to ledger_writer;
grant select on ledger.sharing_journals to ledger_reader;

-- They are few among many, and read every second. What a user gets by the pattern for unknown users is no change, and a copy
-- is not copied once more.
create index events_changes on ledger.events (origin, position)
  where type in ('quota.set', 'quota.removed', 'group.joined', 'group.left')
    and details ->> 'by' <> 'default' and not details ? 'copiedFrom';
