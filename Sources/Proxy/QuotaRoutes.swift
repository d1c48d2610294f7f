import Access
import EventLoop
import Service
import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Threads

/// `GET`, `POST` and `DELETE /quotas/{user}`, and `POST /keys/{user}`: the administrator's.
struct QuotaRoutes {
    private let service: ProxyService

    init(_ service: ProxyService) { self.service = service }

    func register() {
        admin("GET", "/quotas/{user}") { [self] exchange, user in show(user, on: exchange) }
        admin("POST", "/quotas/{user}") { [self] exchange, user in set(user, on: exchange) }
        admin("DELETE", "/quotas/{user}") { [self] exchange, user in
            submit(.removeQuota(user, actor: "admin"), user, on: exchange)
        }
        admin("POST", "/keys/{user}") { [self] exchange, user in
            let key = ProxyKey.mint(for: user, secret: service.configuration.keySecret)
            let body = JSONText.object {
                $0.member("user", user.text)
                $0.member("key", key)
            }
            exchange.respond(
                status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
                body: body)
        }
    }

    private func admin(
        _ method: String, _ template: String, _ handler: @escaping (HTTPExchange, UserID) -> Void
    ) {
        service.shell.router.on(method, template) {
            [token = service.configuration.adminToken] exchange, parameters in
            guard AdminAccess.isGranted(exchange, token: token) else { return AdminAccess.refuse(exchange) }
            guard let user = UserID(parameters["user"] ?? "") else {
                return Problem(
                    status: 400, type: "/problems/user", title: "Not a user's name",
                    detail: "1 to 128 of A–Z a–z 0–9 . _ @ : + -, not starting with an underscore."
                ).response(on: exchange)
            }
            handler(exchange, user)
        }
    }

    private func show(_ user: UserID, on exchange: HTTPExchange) {
        let now = service.ledger.configuration.now()
        let (quota, budget) = service.ledger.read {
            ($0.state.quotas[user], $0.state.budget(of: user, at: now))
        }
        guard let quota else {
            return Problem(
                status: 404, type: "/problems/no-quota", title: "No quota is set",
                detail: "\(user.text) has no limits."
            ).response(on: exchange)
        }
        let body = JSONText.object {
            $0.member("user", user.text)
            Self.write(quota, budget, to: &$0)
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private func set(_ user: UserID, on exchange: HTTPExchange) {
        do throws(QuotaBodyError) {
            let quota = try QuotaBody.read(exchange.body, parser: service.parser)
            submit(.setQuota(user, quota, actor: "admin"), user, on: exchange)
        } catch {
            Problem(
                status: 400, type: "/problems/quota", title: "Not a quota", detail: error.text
            ).response(on: exchange)
        }
    }

    private func submit(_ command: Command, _ user: UserID, on exchange: HTTPExchange) {
        let answer = Confined { [self] (result: Result<Receipt, LedgerError>) in
            switch result {
            case .success where exchange.head.method == "DELETE": exchange.respond(status: 204)
            case .success: show(user, on: exchange)
            case .failure(.rejected(.noQuota)): show(user, on: exchange)
            case .failure:
                Problem(
                    status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                    detail: "Nothing was changed. See /health."
                ).response(on: exchange, headers: ["retry-after": "1"])
            }
        }
        let loop = service.loop
        service.ledger.submit(command) { result in loop.post { answer.value(result) } }
    }

    static func write(_ quota: Quota, _ budget: Budget, to json: inout JSONText) {
        json.member("enabled", quota.isEnabled)
        write("dailyLimitUsd", quota.dailyLimit, to: &json)
        write("monthlyLimitUsd", quota.monthlyLimit, to: &json)
        if let tokens = quota.dailyTokens { json.member("dailyTokens", tokens) }
        json.member("timezone", "UTC")
        write("dayUsedUsd", budget.day.used, to: &json)
        write("dayReservedUsd", budget.day.reserved, to: &json)
        json.member("dayTokens", budget.day.tokens)
        write("monthUsedUsd", budget.month.used, to: &json)
        write("monthReservedUsd", budget.month.reserved, to: &json)
    }

    private static func write(_ key: String, _ amount: Money?, to json: inout JSONText) {
        guard let amount else { return }
        json.key(key)
        json.raw(amount.decimalText)
    }
}
