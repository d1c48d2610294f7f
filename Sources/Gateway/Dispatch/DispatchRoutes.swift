import Access
import HTTP
import JSON
import LedgerCore
import Service

/// `GET /api/dispatches` and `DELETE /api/dispatches/{id}`: what runs, and its end on request.
///
/// A user's key sees and stops its own runs, the administrator's token all of them.
struct DispatchRoutes {
    let dispatcher: Dispatcher
    let access: GatewayAccess

    func register(on shell: ServiceShell) {
        shell.router.on("GET", "/api/dispatches") { exchange, _ in list(exchange) }
        shell.router.on("DELETE", "/api/dispatches/{id}") { exchange, parameters in
            abort(exchange, parameters["id"] ?? "")
        }
    }

    private func list(_ exchange: HTTPExchange) {
        guard let caller = access.caller(of: exchange) else { return }
        let body = JSONText.object { json in
            json.key("dispatches")
            json.array { json in
                for run in dispatcher.open where caller.maySee(run.identity.user) {
                    json.object { json in
                        json.member("dispatchId", run.dispatchID.text)
                        json.member("user", run.identity.user.text)
                        json.member("source", run.identity.source)
                        json.member("sessionId", run.sessionID)
                        json.member("kernel", run.identity.kernel)
                        json.member("state", run.stateName)
                        json.member("ageMs", run.ageMilliseconds)
                    }
                }
            }
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private func abort(_ exchange: HTTPExchange, _ id: String) {
        guard let caller = access.caller(of: exchange) else { return }
        guard let id = UniqueID(Array(id.utf8)), let run = dispatcher.run(id),
            caller.maySee(run.identity.user)
        else {
            return Problem(
                status: 404, type: "/problems/no-dispatch", title: "No such run",
                detail: "No run of yours with this identifier is open."
            ).response(on: exchange)
        }
        run.abort()
        exchange.respond(status: 202)
    }
}
