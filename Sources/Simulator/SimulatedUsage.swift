import JSON

/// What an answer uses, and how each API says so.
struct SimulatedUsage: Equatable {
    /// Input that no cache has seen.
    var input: Int64 = 0
    var cacheRead: Int64 = 0
    var cacheWrite5m: Int64 = 0
    var cacheWrite1h: Int64 = 0
    var output: Int64 = 0
    /// The tier that served the call, in the provider's word.
    var tier = "standard"
    /// `fast`, when the request asked for it.
    var speed: String?
    /// Where the request asked to be served.
    var inferenceGeo = "not_available"

    /// Writes the usage object as `api` has it.
    func write(_ api: SimulatedAPI, to text: inout JSONText) {
        text.object { text in
            switch api {
            case .messages: writeMessages(&text)
            case .chatCompletions: writeChat(&text)
            case .responses: writeResponses(&text)
            case .embeddings:
                text.member("prompt_tokens", input)
                text.member("total_tokens", input)
            case .countTokens: break
            }
        }
    }

    /// Writes the usage of a `message_delta`: the counts so far, and nothing of how they were served.
    func writeDelta(to text: inout JSONText) {
        text.object { writeCounts(&$0) }
    }

    private func writeCounts(_ text: inout JSONText) {
        text.member("input_tokens", input)
        text.member("cache_creation_input_tokens", cacheWrite5m + cacheWrite1h)
        text.member("cache_read_input_tokens", cacheRead)
        text.member("output_tokens", output)
    }

    private func writeMessages(_ text: inout JSONText) {
        writeCounts(&text)
        text.key("cache_creation")
        text.object {
            $0.member("ephemeral_5m_input_tokens", cacheWrite5m)
            $0.member("ephemeral_1h_input_tokens", cacheWrite1h)
        }
        text.member("service_tier", tier)
        text.member("inference_geo", inferenceGeo)
        if let speed { text.member("speed", speed) }
    }

    // OpenAI's totals hold their parts, and its cache has one life.

    private var prompt: Int64 { input + cacheRead + cacheWrite }
    private var cacheWrite: Int64 { cacheWrite5m + cacheWrite1h }

    private func writeChat(_ text: inout JSONText) {
        text.member("prompt_tokens", prompt)
        text.member("completion_tokens", output)
        text.member("total_tokens", prompt + output)
        text.key("prompt_tokens_details")
        text.object {
            $0.member("cached_tokens", cacheRead)
            if cacheWrite > 0 { $0.member("cache_write_tokens", cacheWrite) }
            $0.member("audio_tokens", 0)
        }
        text.key("completion_tokens_details")
        text.object {
            $0.member("reasoning_tokens", 0)
            $0.member("audio_tokens", 0)
            $0.member("accepted_prediction_tokens", 0)
            $0.member("rejected_prediction_tokens", 0)
        }
    }

    private func writeResponses(_ text: inout JSONText) {
        text.member("input_tokens", prompt)
        text.key("input_tokens_details")
        text.object {
            $0.member("cached_tokens", cacheRead)
            $0.member("cache_write_tokens", cacheWrite)
        }
        text.member("output_tokens", output)
        text.key("output_tokens_details")
        text.object { $0.member("reasoning_tokens", 0) }
        text.member("total_tokens", prompt + output)
    }
}
