import Access
import Wire
package import EventLoop
package import HTTP
package import HTTPClient
import JSON
import LedgerCore
package import LedgerRuntime
package import Logging
package import Metrics
package import Service

/// The Proxy: every model call passes it, is admitted, forwarded unchanged, metered and settled.
///
/// Loop thread only.
package final class ProxyService {
    let loop: EventLoop
    let ledger: Ledger
    let configuration: ProxyConfiguration
    let client: HTTPClient
    let metrics: ProxyMetrics
    let parser = JSONParser()
    let rerating: RerateDesk
    /// Calls under way.
    var calls: [UniqueID: ProxyCall] = [:]
    /// What a client may try again.
    var failedTries = FailedTries()
    /// The routes that every service has, and the proxy's own.
    package let shell: ServiceShell
    let log: Logger
    private var random = SystemRandomNumberGenerator()
    private var onIdle: (() -> Void)?

    static let settleRetryMilliseconds: UInt64 = 1_000
    static let settleTriesMax = 600

    /// Creates the service on `loop`.
    package init(
        loop: EventLoop, ledger: Ledger, configuration: ProxyConfiguration, shell: ServiceShell,
        set: MetricSet, usersMax: Int, rerating: RerateDesk? = nil, log: Logger
    ) throws(HTTPClientError) {
        self.loop = loop
        self.ledger = ledger
        self.configuration = configuration
        self.shell = shell
        self.log = log
        self.rerating = rerating ?? RerateDesk(ledger, log: log)
        client = try HTTPClient(loop: loop)
        metrics = ProxyMetrics(set, ledger: ledger, usersMax: usersMax)
        for template in Self.modelTemplates {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                shell.router.on(method, template) { [unowned self] exchange, _ in accept(exchange) }
            }
        }
        UsageRoutes(self).register()
        QuotaRoutes(self).register()
        RerateRoutes(self).register()
        ReconciliationRoutes(self).register()
    }

    /// The model APIs' paths, as metrics name them.
    ///
    /// The last two take whatever else the providers have.
    private static let modelTemplates = [
        "/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/chat/completions",
        "/v1/responses", "/v1/responses/{id}", "/v1/embeddings", "/v1/models", "/v1/models/{id}", "/v1/*",
        "/v1beta/*",
    ]

    /// Handles one request.
    package func handle(_ exchange: HTTPExchange) { shell.handle(exchange) }

    private func accept(_ exchange: HTTPExchange) {
        let head = exchange.head
        let route = APIRoute(
            method: head.method, path: head.path, isAnthropic: head.headers["anthropic-version"] != nil)
        guard let user = user(of: head.headers) ?? userInQuery(of: head, provider: route.provider) else {
            metrics.refused["bad_key"].increment()
            return respond(.badKey, provider: route.provider, on: exchange)
        }
        exchange.user = user.text
        guard let upstream = configuration.upstreams[route.provider], let key = upstream.key else {
            metrics.refused["no_provider_key"].increment()
            return respond(
                .unavailable(
                    "No key for the provider \(route.provider.rawValue) is configured: set "
                        + "\(route.provider.rawValue.uppercased())_API_KEY and start the proxy again."),
                provider: route.provider, on: exchange)
        }
        do throws(RequestError) {
            let request = try CallRequest(exchange.body, route: route, parser: parser)
            ProxyCall(self, exchange, route: route, request: request, user: user).start(
                at: upstream, key: key)
        } catch {
            metrics.refused["bad_request"].increment()
            respond(.badRequest(error.message), provider: route.provider, on: exchange)
        }
    }

    /// The user whose key the request carries.
    func user(of headers: HTTPHeaders) -> UserID? {
        for name in ["x-api-key", "x-goog-api-key"] {
            if let key = headers[name] { return ProxyKey.user(of: key, secret: configuration.keySecret) }
        }
        guard let bearer = BearerToken.of(headers) else { return nil }
        return ProxyKey.user(of: bearer, secret: configuration.keySecret)
    }

    /// The user whose key stands in the query, as some clients of Gemini send it.
    private func userInQuery(of head: HTTPRequestHead, provider: Provider) -> UserID? {
        guard provider == .gemini, let key = head.queryValue("key") else { return nil }
        return ProxyKey.user(of: key, secret: configuration.keySecret)
    }

    func newID(at time: Timestamp) -> UniqueID {
        UniqueID(at: time, random: UInt128(random.next()) << 64 | UInt128(random.next()))
    }

    /// `body` with `stream_options.include_usage` set; nil when that cannot be.
    func askingForUsage(_ body: [UInt8]) -> [UInt8]? {
        guard let document = try? parser.parse(body) else { return nil }
        return try? JSONSplice.setting(["stream_options", "include_usage"], to: "true", in: document)
    }

    /// What is recorded of the prompt in a request's body.
    func promptText(_ body: [UInt8]) -> String? {
        guard configuration.prompts != .off, let document = try? parser.parse(body) else { return nil }
        return PromptText.recorded(document, policy: configuration.prompts)
    }

    func respond(
        _ failure: ProviderFailure, provider: Provider, on exchange: HTTPExchange, headers: HTTPHeaders = [:]
    ) {
        Self.respond(failure, provider: provider, on: exchange, headers: headers)
    }

    static func respond(
        _ failure: ProviderFailure, provider: Provider, on exchange: HTTPExchange, headers: HTTPHeaders = [:]
    ) {
        var headers = headers
        headers.set("content-type", "application/json")
        exchange.respond(status: failure.status, headers: headers, body: failure.body(for: provider))
    }

    // MARK: Shutdown

    /// Ends the wait for every provider that is still answering; `then` runs when the last call is settled.
    package func endCalls(then: @escaping () -> Void) {
        onIdle = then
        for call in calls.values { call.cancel() }
        callEnded()
    }

    func callEnded() {
        guard calls.isEmpty, let onIdle else { return }
        self.onIdle = nil
        client.close()
        onIdle()
    }
}
