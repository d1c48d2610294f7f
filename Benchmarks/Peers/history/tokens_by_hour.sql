-- Seven days: everybody's tokens, hour by hour.
select hour, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
from ledger.tokens_by_model_hourly
where hour >= :'from'
group by hour
order by hour;
