import Access
import HTTP
import JSON
import LedgerCore
import Logging
import Service

/// `/containers`: the administrator's.
struct ContainerRoutes {
    private let orchestrator: Orchestrator
    private let access: KeyAccess
    private let parser = JSONParser()

    init(_ orchestrator: Orchestrator, access: KeyAccess) {
        self.orchestrator = orchestrator
        self.access = access
    }

    func register(on shell: ServiceShell) {
        admin(shell, "GET", "/containers") { [self] exchange, _ in list(on: exchange) }
        admin(shell, "POST", "/containers") { [self] exchange, _ in provision(on: exchange) }
        onHandle(shell, "GET", "/containers/{handle}") { [self] exchange, handle in
            guard let record = orchestrator.record(of: handle) else {
                return refuse(.unknown, on: exchange)
            }
            answer(record, on: exchange)
        }
        onHandle(shell, "POST", "/containers/{handle}/start") { [self] exchange, handle in
            orchestrator.start(handle) { answer($0, on: exchange) }
        }
        onHandle(shell, "POST", "/containers/{handle}/stop") { [self] exchange, handle in
            orchestrator.stop(handle) { answer($0, on: exchange) }
        }
        onHandle(shell, "DELETE", "/containers/{handle}") { [self] exchange, handle in
            orchestrator.destroy(handle) { result in
                switch result {
                case .success: exchange.respond(status: 204)
                case .failure(let refused): refuse(refused, on: exchange)
                }
            }
        }
    }

    private func admin(
        _ shell: ServiceShell, _ method: String, _ template: String, _ handler: @escaping Router.Handler
    ) {
        shell.router.on(method, template) { [access] exchange, parameters in
            guard access.requireAdmin(exchange) else { return }
            handler(exchange, parameters)
        }
    }

    private func onHandle(
        _ shell: ServiceShell, _ method: String, _ template: String,
        _ handler: @escaping (HTTPExchange, ContainerHandle) -> Void
    ) {
        admin(shell, method, template) { exchange, parameters in
            guard let handle = ContainerHandle(parameters["handle"] ?? "") else {
                return Self.badHandle.response(on: exchange)
            }
            handler(exchange, handle)
        }
    }

    private func list(on exchange: HTTPExchange) {
        let records = orchestrator.containers
        let body = JSONText.object { json in
            json.key("containers")
            json.array { json in for record in records { write(record, to: &json) } }
            json.key("engineReachable")
            if let isReachable = orchestrator.isEngineReachable {
                json.bool(isReachable)
            } else {
                json.null()
            }
        }
        exchange.respond(status: 200, headers: Self.jsonHeaders, body: body)
    }

    private func provision(on exchange: HTTPExchange) {
        do throws(ContainerBodyError) {
            let handle = try ContainerBody.read(exchange.body, parser: parser)
            orchestrator.provision(handle) { result in
                switch result {
                case .success(let (record, isNew)):
                    answer(record, status: isNew ? 201 : 200, on: exchange)
                case .failure(let refused): refuse(refused, on: exchange)
                }
            }
        } catch {
            guard case .malformed(let detail) = error else { return Self.badHandle.response(on: exchange) }
            Problem(
                status: 400, type: "/problems/container", title: "Not a container to provision",
                detail: detail
            ).response(on: exchange)
        }
    }

    private func answer(_ result: Result<ContainerRecord, ContainerRefused>, on exchange: HTTPExchange) {
        switch result {
        case .success(let record): answer(record, on: exchange)
        case .failure(let refused): refuse(refused, on: exchange)
        }
    }

    private func answer(_ record: ContainerRecord, status: Int = 200, on exchange: HTTPExchange) {
        var headers = Self.jsonHeaders
        if status == 201 { headers.add("location", "/containers/\(record.container.handle.text)") }
        var json = JSONText()
        write(record, to: &json)
        exchange.respond(status: status, headers: headers, body: json.bytes)
    }

    private func refuse(_ refused: ContainerRefused, on exchange: HTTPExchange) {
        var headers: HTTPHeaders = [:]
        if let seconds = refused.retryAfterSeconds { headers.add("retry-after", String(seconds)) }
        let problem = refused.problem(engine: orchestrator.configuration.engineAddress)
        if problem.status >= 500 {
            orchestrator.log.tracing(exchange.trace?.traceID).warning(
                "a request about a container failed", ["path": exchange.head.path, "error": "\(refused)"])
        }
        problem.response(on: exchange, headers: headers)
    }

    private func write(_ record: ContainerRecord, to json: inout JSONText) {
        json.object {
            $0.member("handle", record.container.handle.text)
            $0.member("user", record.container.user.text)
            $0.member("state", record.isRunning ? "running" : "stopped")
            $0.member("containerId", record.container.containerID)
            $0.member("image", record.container.image)
            $0.member("ooms", record.ooms)
            $0.member("changedAt", record.changedAt?.text)
        }
    }

    private static let jsonHeaders: HTTPHeaders = [
        "content-type": "application/json", "cache-control": "no-store",
    ]

    private static let badHandle = Problem(
        status: 400, type: "/problems/handle", title: "Not a handle",
        detail: "1 to 32 of a–z 0–9 -, beginning and ending in a letter or digit.")
}
