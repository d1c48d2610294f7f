package import LedgerRuntime
package import Wire

/// How the proxy is set up.
package struct ProxyConfiguration: Sendable {
    /// Where each provider's calls go, and with which key.
    package var upstreams: [Provider: Upstream]
    /// The secret that users' keys are made with.
    package var keySecret: [UInt8]
    /// The token of the administrator.
    package var adminToken: String
    /// Whether calls go on, unrecorded, while the journal cannot be written.
    package var isFailOpen = false
    /// What becomes of calls to models that the price book does not know.
    package var unknownModels = UnknownModelPolicy.reserve(nil)
    /// How prompts are recorded.
    package var prompts = PromptPolicy.truncate(500)
    /// How long no byte may come from a provider.
    package var upstreamIdleTimeoutMilliseconds = 300_000
    /// How long one call may last.
    package var upstreamTotalTimeoutMilliseconds = 3_600_000
    /// How long a provider is read on after the client has left.
    package var drainTimeoutMilliseconds: UInt64 = 120_000
    /// Answers up to this size are held back until they are settled, so that their headers can tell the cost.
    package var heldAnswerBytesMax = 8 << 20

    /// Creates a configuration.
    package init(upstreams: [Provider: Upstream], keySecret: [UInt8], adminToken: String) {
        self.upstreams = upstreams
        self.keySecret = keySecret
        self.adminToken = adminToken
    }

    /// One provider.
    package struct Upstream: Sendable {
        /// Scheme, host and port; a path such as `/v1` at its end is understood.
        package let url: String
        /// The provider's own key; nil: calls are refused with 503.
        package let key: String?

        /// Creates an upstream.
        package init(url: String, key: String?) {
            var url = url
            while url.hasSuffix("/") { url.removeLast() }
            self.url = url
            self.key = key
        }

        /// The address for a request's target.
        func address(of target: String) -> String {
            if url.hasSuffix("/v1"), target.hasPrefix("/v1/") { return url + target.dropFirst(3) }
            return url + target
        }
    }
}
