import JSON

/// The answer of `/v1/models`: a few names, so that a client has something to show.
enum ModelList {
    private static let anthropic = ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"]
    private static let openAI = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"]
    private static let createdSeconds = 1_735_689_600

    /// Returns the list in the words of `provider`.
    static func body(_ provider: SimulatedProvider) -> [UInt8] {
        JSONText.object { text in
            if provider == .openAI { text.member("object", "list") }
            text.key("data")
            text.array { list in
                for name in names(provider) { list.object { write(name, provider, to: &$0) } }
            }
            guard provider == .anthropic else { return }
            text.member("has_more", false)
            text.member("first_id", anthropic.first)
            text.member("last_id", anthropic.last)
        }
    }

    /// Returns one model; nil when it is not on the list.
    static func body(_ name: String, _ provider: SimulatedProvider) -> [UInt8]? {
        guard names(provider).contains(name) else { return nil }
        return JSONText.object { write(name, provider, to: &$0) }
    }

    private static func names(_ provider: SimulatedProvider) -> [String] {
        provider == .anthropic ? anthropic : openAI
    }

    private static func write(_ name: String, _ provider: SimulatedProvider, to text: inout JSONText) {
        switch provider {
        case .anthropic:
            text.member("type", "model")
            text.member("id", name)
            text.member("display_name", name)
            text.member("created_at", "2025-01-01T00:00:00Z")
            text.member("lifecycle", "active")
        case .openAI:
            text.member("id", name)
            text.member("object", "model")
            text.member("created", createdSeconds)
            text.member("owned_by", "simulator")
        }
    }
}
