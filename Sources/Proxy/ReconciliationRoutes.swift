import Access
import EventLoop
import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Service
import Threads

/// `POST /reconciliations` and `GET /reconciliations`: what providers' reports came to; the administrator's.
struct ReconciliationRoutes {
    private let service: ProxyService

    init(_ service: ProxyService) { self.service = service }

    func register() {
        service.shell.router.on("GET", "/reconciliations") { [self] exchange, _ in
            guard isAdmin(exchange) else { return AdminAccess.refuse(exchange) }
            list(on: exchange)
        }
        service.shell.router.on("POST", "/reconciliations") { [self] exchange, _ in
            guard isAdmin(exchange) else { return AdminAccess.refuse(exchange) }
            record(exchange)
        }
    }

    private func isAdmin(_ exchange: HTTPExchange) -> Bool {
        AdminAccess.isGranted(exchange, token: service.configuration.adminToken)
    }

    private func list(on exchange: HTTPExchange) {
        let known = service.ledger.read { $0.state.reconciliations.values }
        let body = JSONText.object { json in
            json.key("reconciliations")
            json.array { json in
                for known in known.sorted(by: { $0.position > $1.position }) {
                    json.object { known.write(to: &$0) }
                }
            }
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private func record(_ exchange: HTTPExchange) {
        do throws(ReconciliationBodyError) {
            let now = service.ledger.configuration.now()
            let result = try ReconciliationBody.read(exchange.body, parser: service.parser, at: now)
            let answer = Confined { Self.answer($0, on: exchange) }
            let loop = service.loop
            service.ledger.submit(.reconcile(result)) { outcome in loop.post { answer.value(outcome) } }
        } catch { Self.refuse(error.text, on: exchange) }
    }

    private static func answer(_ outcome: Result<Receipt, LedgerError>, on exchange: HTTPExchange) {
        switch outcome {
        case .success(let receipt): respond(201, receipt.position, on: exchange)
        case .failure(.rejected(.alreadyReconciled(let position))): respond(200, position, on: exchange)
        case .failure(.rejected): refuse("A figure is beyond its bounds.", on: exchange)
        case .failure:
            Problem(
                status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                detail: "Nothing was recorded. See /health."
            ).response(on: exchange, headers: ["retry-after": "1"])
        }
    }

    private static func respond(_ status: Int, _ position: Position?, on exchange: HTTPExchange) {
        let body = JSONText.object { json in
            if let position { json.member("position", position.value) }
            json.member("new", status == 201)
        }
        exchange.respond(status: status, headers: ["content-type": "application/json"], body: body)
    }

    private static func refuse(_ why: String, on exchange: HTTPExchange) {
        Problem(status: 400, type: "/problems/reconciliation", title: "Not a result", detail: why)
            .response(on: exchange)
    }
}
