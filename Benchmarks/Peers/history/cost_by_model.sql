-- Thirty days: every model, day by day.
select day, provider, model, sum(calls) as calls, sum(cost_usd) as cost_usd
from ledger.cost_by_model_daily
where kind = 'call' and day >= :'from'
group by day, provider, model
order by day, cost_usd desc, provider, model;
