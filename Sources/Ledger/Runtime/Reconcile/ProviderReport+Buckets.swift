internal import JSON
import LedgerCore

/// The buckets of each provider's report.
extension ProviderReport {
    /// A bucket of Anthropic's `usage_report/messages` or `cost_report`, whose amounts are cents.
    mutating func addAnthropic(_ bucket: ReportField) throws(ProviderReportError) {
        let start = try moment(bucket, "starting_at")
        add(from: start, to: try moment(bucket, "ending_at"))
        for result in bucket.results {
            let model = result.text("model")
            guard kind == .anthropicUsage else {
                let currency = result.text("currency") ?? "USD"
                guard currency == "USD" else { throw result.fault("currency", "is \(currency), not USD") }
                add(try result.money("amount", shift: -2), .cost, model, on: start.day)
                continue
            }
            add(try result.count("uncached_input_tokens"), .input, model, on: start.day)
            add(try result.count("cache_read_input_tokens"), .cacheRead, model, on: start.day)
            add(try result.count("output_tokens"), .output, model, on: start.day)
            if let written = result.object("cache_creation") {
                add(try written.count("ephemeral_5m_input_tokens"), .cacheWrite5m, model, on: start.day)
                add(try written.count("ephemeral_1h_input_tokens"), .cacheWrite1h, model, on: start.day)
            }
            if let tools = result.object("server_tool_use") {
                add(try tools.count("web_search_requests"), .webSearch, model, on: start.day)
            }
        }
    }

    /// A bucket of OpenAI's `organization/usage/completions` or `organization/costs`.
    mutating func addOpenAI(_ bucket: ReportField) throws(ProviderReportError) {
        let start = try second(bucket, "start_time")
        add(from: start, to: try second(bucket, "end_time"))
        for result in bucket.results {
            guard kind == .openaiUsage else {
                guard let amount = result.object("amount") else { throw result.fault("amount", "is missing") }
                let currency = amount.text("currency") ?? "usd"
                guard currency == "usd" else { throw amount.fault("currency", "is \(currency), not usd") }
                // Line items name a model and a kind of token in words that are not documented.
                add(try amount.money("value"), .cost, nil, on: start.day)
                continue
            }
            let model = result.text("model")
            let (input, cached) = (try result.count("input_tokens"), try result.count("input_cached_tokens"))
            guard cached <= input else {
                throw result.fault("input_cached_tokens", "is more than input_tokens, which include it")
            }
            add(input - cached, .uncachedInput, model, on: start.day)
            add(cached, .cacheRead, model, on: start.day)
            add(try result.count("output_tokens"), .output, model, on: start.day)
            add(try result.count("input_audio_tokens"), .inputAudio, model, on: start.day)
            add(try result.count("output_audio_tokens"), .outputAudio, model, on: start.day)
        }
    }

    /// A row of OpenRouter's activity: a day of one model at one endpoint.
    mutating func addActivity(_ row: ReportField) throws(ProviderReportError) {
        guard let text = row.text("date"), let day = Day(text.utf8.prefix(10)) else {
            throw row.fault("date", "must be a day")
        }
        let model = row.text("model")
        add(from: day.start, to: day.next.start)
        add(try row.count("prompt_tokens"), .allInput, model, on: day)
        add(try row.count("completion_tokens"), .allOutput, model, on: day)
        add(try row.money("usage"), .cost, model, on: day)
    }

    private func moment(_ bucket: ReportField, _ key: String) throws(ProviderReportError) -> Timestamp {
        guard let text = bucket.text(key), let moment = Timestamp(text.utf8) else {
            throw bucket.fault(key, "must be a moment in UTC")
        }
        return moment
    }

    private func second(_ bucket: ReportField, _ key: String) throws(ProviderReportError) -> Timestamp {
        guard let seconds = bucket.value[key]?.int64, (0...253_402_300_799).contains(seconds) else {
            throw bucket.fault(key, "must be a time in seconds")
        }
        return Timestamp(microseconds: seconds * 1_000_000)
    }
}
