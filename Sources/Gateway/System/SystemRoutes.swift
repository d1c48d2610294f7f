import LedgerRuntime
import HTTP
import JSON
import LedgerCore
package import Service

/// `GET /api/system/info`: how the system is set up and does, for whoever has a key.
package struct SystemRoutes {
    private let access: GatewayAccess
    private let status: () -> SystemStatus

    /// Creates the route; `status` is asked on the loop, once for each request.
    package init(access: GatewayAccess, status: @escaping () -> SystemStatus) {
        self.access = access
        self.status = status
    }

    /// Adds the route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("GET", "/api/system/info") { [self] exchange, _ in
            guard access.caller(of: exchange) != nil else { return }
            exchange.respond(
                status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
                body: JSONText.object { status().write(to: &$0) })
        }
    }
}

extension SystemStatus {
    fileprivate func write(to json: inout JSONText) {
        json.member("version", version)
        json.member("origin", origin)
        json.member("startedAt", startedAt.text)
        json.member("uptimeSeconds", uptimeSeconds)
        json.key("services")
        json.array { json in for service in services { json.string(service) } }
        json.member("kernel", kernel)
        json.key("queue")
        json.object {
            $0.member("queued", queue.queued)
            $0.member("running", queue.running)
            $0.member("queueMax", queue.queueMax)
            $0.member("concurrency", queue.concurrency)
        }
        json.key("journal")
        json.object {
            $0.member("position", journal.position.value)
            $0.member("writable", journal.isWritable)
        }
        json.key("postgres")
        if let postgres {
            json.object {
                $0.member("connected", postgres.isConnected)
                $0.member("lagEvents", postgres.lagEvents)
            }
        } else {
            json.null()
        }
        json.member("priceBook", priceBook)
        json.member("webSocketConnections", webSocketConnections)
        json.member("durability", durability)
        json.member("promptPolicy", promptPolicy)
    }
}
