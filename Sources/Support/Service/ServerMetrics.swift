package import HTTP
package import Metrics

/// What a server counts of its connections, and of requests that never reached a route.
package enum ServerMetrics {
    /// Adds the counts of `server` to `set`, read when somebody scrapes.
    ///
    /// Scrapes run on the server's own loop, as its counts ask for.
    package static func add(_ server: HTTPServer, of service: String, to set: MetricSet) {
        set.collect { writer in
            writer.family(
                "\(service)_http_requests_refused_total", .counter,
                help: "Requests and connections refused before a route saw them, by reason.")
            for reason in RequestRefusal.allCases {
                let count = server.requestsRefused[reason] ?? 0
                if count > 0 { writer.sample(["reason": reason.rawValue], .integer(Int64(count))) }
            }
            writer.family("\(service)_http_connections_active", .gauge, help: "Open connections.")
            writer.sample([:], .integer(Int64(server.connectionsActive)))
        }
    }
}
