import HTTP
import Metrics

/// Counts requests and their time by route template, never by raw path.
struct HTTPMetrics {
    private let requests: Family<Counter>
    private let duration: Family<Histogram>

    init(service: String, set: MetricSet) {
        requests = set.counter(
            "\(service)_http_requests_total", help: "HTTP requests by method, route template and status.",
            labels: ["method", "path", "status"])
        duration = set.histogram(
            "\(service)_http_request_duration_seconds",
            help: "Time from a request's head to the end of its answer.", labels: ["method", "path"],
            bounds: Distribution.requestSeconds)
    }

    func watch(_ exchange: HTTPExchange) {
        exchange.onFinished = { [requests, duration, unowned exchange] status, nanoseconds in
            let method = Self.methods.contains(exchange.head.method) ? exchange.head.method : "other"
            requests[method, exchange.route, String(status)].increment()
            duration[method, exchange.route].observe(nanoseconds: Int64(nanoseconds))
        }
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}
