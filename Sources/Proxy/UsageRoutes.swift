import Access
import LedgerRuntime
import Service
import HTTP
import JSON
import LedgerCore

/// `GET /usage/summary` and `GET /usage/{user}`: the projection's sums.
struct UsageRoutes {
    private let service: ProxyService

    init(_ service: ProxyService) { self.service = service }

    func register() {
        service.shell.router.on("GET", "/usage/summary") { [self] exchange, _ in summary(exchange) }
        service.shell.router.on("GET", "/usage/{user}") { [self] exchange, parameters in
            user(exchange, parameters["user"] ?? "")
        }
    }

    private var isAdmin: (HTTPExchange) -> Bool {
        { [token = service.configuration.adminToken] in AdminAccess.isGranted($0, token: token) }
    }

    private func summary(_ exchange: HTTPExchange) {
        guard isAdmin(exchange) else { return AdminAccess.refuse(exchange) }
        let now = service.ledger.configuration.now()
        let usage = service.ledger.read { $0.usage }
        let body = JSONText.object { json in
            json.member("position", usage.position.value)
            json.key("users")
            json.array { json in
                for (user, sums) in usage.users.sorted(by: { $0.key.text < $1.key.text }) {
                    json.object { Self.write(user, sums, now, to: &$0) }
                }
            }
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private func user(_ exchange: HTTPExchange, _ name: String) {
        let asking = service.user(of: exchange.head.headers)
        guard let user = UserID(name), isAdmin(exchange) || asking == user else {
            return AdminAccess.refuse(exchange)
        }
        let now = service.ledger.configuration.now()
        let (usage, quota) = service.ledger.read {
            ($0.usage.users[user], QuotaView(.user(user), $0.state, at: now))
        }
        let body = JSONText.object { json in
            if let usage {
                Self.write(user, usage, now, to: &json)
            } else {
                json.member("user", user.text)
            }
            if let quota {
                json.key("quota")
                json.object { quota.writeLimits(to: &$0) }
            }
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private static func write(_ user: UserID, _ usage: UserUsage, _ now: Timestamp, to json: inout JSONText) {
        json.member("user", user.text)
        for (window, sums) in [
            ("day", usage.day(at: now)), ("month", usage.month(at: now)), ("total", usage.total),
        ] {
            json.key(window)
            json.object { sums.write(to: &$0) }
        }
    }
}
