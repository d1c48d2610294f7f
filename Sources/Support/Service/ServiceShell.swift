package import HTTP
package import Metrics

/// What every service has: `/health`, `/ready`, `/metrics`, and requests counted by route.
///
/// Loop thread only.
package final class ServiceShell {
    /// The routes; a service adds its own.
    package var router = Router()
    /// Set while the service takes no new work.
    package var isDraining = false
    private let metrics: HTTPMetrics

    /// Creates the shell of the service called `name`, whose metrics are in `set`.
    ///
    /// `scrape` renders the exposition; `health` says how the service does.
    package init(
        named name: String, set: MetricSet, scrapeToken: String? = nil,
        scrape: @escaping (ExpositionFormat) -> [UInt8], health: @escaping () -> HealthReport
    ) {
        metrics = HTTPMetrics(service: name, set: set)
        router.on("GET", "/health") { exchange, _ in
            let report = health()
            exchange.respond(
                status: report.state == .failing ? 503 : 200, headers: ["content-type": "application/json"],
                body: report.json)
        }
        router.on("GET", "/ready") { [weak self] exchange, _ in
            let report = health()
            let isReady = report.state != .failing && self?.isDraining == false
            exchange.respond(
                status: isReady ? 200 : 503, headers: ["content-type": "application/json"],
                body: Array(#"{"ready":\#(isReady)}"#.utf8))
        }
        router.on("GET", "/metrics") { exchange, _ in
            if let scrapeToken, exchange.head.headers["authorization"] != "Bearer \(scrapeToken)" {
                Problem(
                    status: 401, type: "/problems/metrics-token", title: "Metrics need a token",
                    detail: "Send LEDGER_METRICS_TOKEN as a bearer token."
                ).response(on: exchange, headers: ["www-authenticate": "Bearer"])
                return
            }
            let format = ExpositionFormat.negotiate(accept: exchange.head.headers["accept"])
            exchange.respond(status: 200, headers: ["content-type": format.contentType], body: scrape(format))
        }
    }

    /// Handles one request: counts it, then routes it.
    package func handle(_ exchange: HTTPExchange) {
        metrics.watch(exchange)
        router.dispatch(exchange)
    }
}
