-- Now: the fifty limits of which most is used.
select user_id, period, limit_usd, used_usd, used_ratio, tokens_limit, tokens_used
from ledger.quota_utilization
order by used_ratio desc nulls last, user_id, period
limit 50;
