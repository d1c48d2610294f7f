-- Thirty days: the twenty users who cost most, day by day.
select day, user_id, sum(cost_usd) as cost_usd
from ledger.cost_by_user_daily
where day >= :'from'
  and user_id in (
    select user_id from ledger.cost_by_user_daily
    where day >= :'from'
    group by user_id
    order by sum(cost_usd) desc, user_id
    limit 20
  )
group by day, user_id
order by day, cost_usd desc, user_id;
