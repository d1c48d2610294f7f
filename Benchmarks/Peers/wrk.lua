-- One POST of a model call's size, and the run's figures as one JSON line.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["anthropic-version"] = "2023-06-01"
wrk.headers["x-api-key"] = os.getenv("BENCH_KEY") or "none"
local text = string.rep("What did the agents do today? ", 55)
wrk.body = '{"model":"claude-sonnet-4-5","max_tokens":256,"messages":[{"role":"user","content":"'
    .. text .. '"}]}'

function done(summary, latency, requests)
    local bad = summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.status + summary.errors.timeout
    io.write(string.format(
        '\nFIGURES {"requests":%d,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d,"max":%d}\n',
        summary.requests, summary.duration, bad, latency:percentile(50), latency:percentile(99), latency.max))
end
