create or replace view ledger.month_projection with (security_invoker = true) as
select user_id, date_trunc('month', now(), 'UTC') as month, cost_usd,
  round(elapsed.share, 6) as elapsed_share, round(cost_usd / elapsed.share, 6) as projected_usd
from (
    select user_id, sum(cost_usd) as cost_usd
    from ledger.usage_by_user_monthly
    where bucket = date_trunc('month', now(), 'UTC')
    group by user_id
  ) so_far, (
    select extract(epoch from greatest(now() - month_start, interval '1 hour'))
      / extract(epoch from date_trunc('month', month_start + interval '32 days', 'UTC') - month_start) as share
    from (select date_trunc('month', now(), 'UTC') as month_start) this_month
  ) elapsed;
comment on view ledger.month_projection is
  'What each user comes to by the end of the current UTC month if it goes on as it has: the cost so far over the part of the month that has passed. Says little in the first days.';
comment on column ledger.month_projection.user_id is 'Who is charged.';
comment on column ledger.month_projection.month is 'The start of the current month (UTC).';
comment on column ledger.month_projection.cost_usd is 'Exact cost so far, in US dollars.';
comment on column ledger.month_projection.elapsed_share is 'The part of the month that has passed, 0 to 1; an hour at least.';
comment on column ledger.month_projection.projected_usd is 'The cost at the month''s end at this pace, in US dollars, rounded to a millionth.';
grant select on ledger.month_projection to ledger_reader, ledger_writer;
