import Access
import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Service

/// `POST /rerate` and `GET /rerate`: prices recorded costs again; the administrator's.
struct RerateRoutes {
    private let service: ProxyService

    init(_ service: ProxyService) { self.service = service }

    func register() {
        service.shell.router.on("GET", "/rerate") { [self] exchange, _ in
            guard isAdmin(exchange) else { return AdminAccess.refuse(exchange) }
            show(on: exchange, status: 200)
        }
        service.shell.router.on("POST", "/rerate") { [self] exchange, _ in
            guard isAdmin(exchange) else { return AdminAccess.refuse(exchange) }
            start(exchange)
        }
    }

    private func isAdmin(_ exchange: HTTPExchange) -> Bool {
        AdminAccess.isGranted(exchange, token: service.configuration.adminToken)
    }

    private func start(_ exchange: HTTPExchange) {
        do throws(RerateBodyError) {
            let order = try RerateBody.read(
                exchange.body, parser: service.parser, running: service.ledger.prices)
            guard service.rerating.start(order) else {
                return Problem(
                    status: 409, type: "/problems/rerate-running", title: "Costs are being priced again",
                    detail: "One order at a time: GET /rerate says how far it is."
                ).response(on: exchange)
            }
            show(on: exchange, status: 202)
        } catch {
            Problem(
                status: 400, type: "/problems/rerate", title: "Not an order", detail: error.text
            ).response(on: exchange)
        }
    }

    private func show(on exchange: HTTPExchange, status: Int) {
        guard let rerating = service.rerating.status else {
            return Problem(
                status: 404, type: "/problems/no-rerate", title: "Nothing was priced again",
                detail: "No order was given since this process began."
            ).response(on: exchange)
        }
        exchange.respond(
            status: status, headers: ["content-type": "application/json", "cache-control": "no-store"],
            body: JSONText.object { rerating.write(to: &$0) })
    }
}
