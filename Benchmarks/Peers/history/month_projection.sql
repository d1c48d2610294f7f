-- Now: the fifty users who will cost most by the end of the month.
select user_id, cost_usd, projected_usd
from ledger.month_projection
order by projected_usd desc, user_id
limit 50;
