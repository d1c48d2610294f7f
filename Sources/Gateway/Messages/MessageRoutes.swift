import Access
import HTTP
import JSON
import LedgerCore
import Service

/// `POST /api/message` and `POST /api/batch`: runs asked for over HTTP, answered when they are recorded.
///
/// A client that leaves takes its runs back.
struct MessageRoutes {
    let desk: any DispatchDesk
    let access: GatewayAccess
    private let parser = JSONParser()

    /// The most messages of a batch.
    static let batchMax = 32

    init(desk: any DispatchDesk, access: GatewayAccess) {
        self.desk = desk
        self.access = access
    }

    func register(on shell: ServiceShell) {
        shell.router.on("POST", "/api/message") { exchange, _ in single(exchange) }
        shell.router.on("POST", "/api/batch") { exchange, _ in batch(exchange) }
    }

    private func single(_ exchange: HTTPExchange) {
        guard let caller = access.caller(of: exchange) else { return }
        do throws(MessageError) {
            guard let document = try? parser.parse(exchange.body) else { throw Self.notJSON }
            let request = try request(
                document.root, from: caller, in: exchange.trace, defaultSource: "api")
            exchange.user = request.user.text
            let handle = desk.submit(
                request, DispatchHandlers(onEvent: { _ in }) { answer($0, on: exchange) })
            exchange.onDisconnect = { handle.abort() }
            exchange.requireClient()
        } catch { Self.refuse(exchange, error) }
    }

    private func batch(_ exchange: HTTPExchange) {
        guard let caller = access.caller(of: exchange) else { return }
        do throws(MessageError) {
            guard let document = try? parser.parse(exchange.body) else { throw Self.notJSON }
            guard let list = document.root["messages"], list.kind == .array else {
                throw MessageError("\"messages\" is missing or no array.")
            }
            var requests: [DispatchRequest] = []
            for value in list.array {
                guard requests.count < Self.batchMax else {
                    throw MessageError("A batch has at most \(Self.batchMax) messages.")
                }
                requests.append(
                    try request(value, from: caller, in: exchange.trace, defaultSource: "batch"))
            }
            guard !requests.isEmpty else { throw MessageError("\"messages\" is empty.") }
            exchange.user = requests[0].user.text
            Batch(exchange).run(requests, at: desk)
        } catch { Self.refuse(exchange, error) }
    }

    /// One message as a request for whom it is: a user's key speaks for its user alone.
    private func request(
        _ value: JSONValue, from caller: Caller, in trace: TraceParent?, defaultSource: String
    ) throws(MessageError) -> DispatchRequest {
        let body = try MessageBody(value)
        let user: UserID
        switch caller {
        case .user(let own):
            guard body.user == nil || body.user == own.text else {
                throw MessageError("A key speaks for its own user: leave \"user\" out.")
            }
            user = own
        case .admin:
            guard let name = body.user, let named = UserID(name) else {
                throw MessageError("With the administrator's token, \"user\" names whom it acts for.")
            }
            user = named
        }
        return DispatchRequest(
            user: user, source: body.source ?? defaultSource, sessionID: body.sessionID, text: body.text,
            model: body.model, trace: trace)
    }

    private func answer(_ outcome: DispatchOutcome, on exchange: HTTPExchange) {
        switch outcome {
        case .completed(let event, let text, let message):
            let body = JSONText.object {
                DispatchJSON.writeResult(event, text: text, message: message, to: &$0)
            }
            exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
        case .refused(let refused): refused.response(on: exchange)
        }
    }

    private static let notJSON = MessageError("The body is not JSON.")

    private static func refuse(_ exchange: HTTPExchange, _ error: MessageError) {
        Problem(status: 400, type: "/problems/message", title: "Not a message", detail: error.text)
            .response(on: exchange)
    }
}

extension DispatchRefused {
    /// The refusal as a problem, with `retry-after` where a later try can help.
    var problem: Problem {
        Problem(
            status: status, type: "/problems/dispatch-\(code)", title: "The message was not run",
            detail: message)
    }

    func response(on exchange: HTTPExchange) {
        let headers: HTTPHeaders =
            retryAfterSeconds.map { ["retry-after": String($0)] } ?? [:]
        problem.response(on: exchange, headers: headers)
    }
}
