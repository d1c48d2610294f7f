import EventLoop
import HTTP
import JSON
import Lifecycle

/// Takes each request to its answer, in the words of the provider whose path it is.
///
/// Loop thread only.
final class AnswerDesk {
    let loop: EventLoop
    private let log: CallLog?
    private let clock: Clock
    private let parser = JSONParser()
    private var ids: IdentifierSource

    /// Creates a desk; without a log nothing is recorded.
    init(loop: EventLoop, log: CallLog?, clock: Clock, random: RandomSource) {
        self.loop = loop
        self.log = log
        self.clock = clock
        ids = IdentifierSource(random: random)
    }

    /// Answers one request.
    func handle(_ exchange: HTTPExchange) {
        let head = exchange.head
        if head.method == "POST", let api = SimulatedAPI(path: head.path) {
            exchange.route = api.path
            return serve(exchange, api)
        }
        let provider = SimulatedProvider(of: head.headers)
        guard head.method == "GET", head.path.hasPrefix("/v1/models") else {
            return refuse(exchange, .notFound(method: head.method, path: head.path), provider)
        }
        guard provider.isAuthenticated(head.headers) else {
            return refuse(exchange, .noCredentials, provider)
        }
        let name = String(head.path.dropFirst("/v1/models/".count))
        let body = head.path == "/v1/models" ? ModelList.body(provider) : ModelList.body(name, provider)
        guard let body else {
            return refuse(exchange, .notFound(method: head.method, path: head.path), provider)
        }
        exchange.respond(status: 200, headers: headers(provider), body: body)
    }

    private func serve(_ exchange: HTTPExchange, _ api: SimulatedAPI) {
        do throws(ProviderRefusal) {
            let headers = exchange.head.headers
            guard api.provider.isAuthenticated(headers) else { throw .noCredentials }
            let controls = try SimulationControls(headers)
            let request = try parse(exchange.body)
            let call = try SimulatedCall(
                api, headers, controls, request.root, ids: &ids,
                createdSeconds: clock.nowMicroseconds() / 1_000_000)
            CallAnswer(call, on: exchange, desk: self).begin()
        } catch {
            refuse(exchange, error, api.provider)
        }
    }

    private func parse(_ body: [UInt8]) throws(ProviderRefusal) -> JSONDocument {
        do throws(JSONError) {
            return try parser.parse(body)
        } catch {
            throw .badRequest("The request body is \(error.message).")
        }
    }

    /// Answers with an error.
    func refuse(_ exchange: HTTPExchange, _ refusal: ProviderRefusal, _ provider: SimulatedProvider) {
        var headers = refusal.headers
        let requestID = ids.next("req_")
        headers.add("content-type", "application/json")
        headers.add(provider == .anthropic ? "request-id" : "x-request-id", requestID)
        exchange.respond(
            status: refusal.status, headers: headers, body: refusal.body(provider, requestID: requestID))
    }

    /// The fields of an answer that is no error.
    func headers(_ provider: SimulatedProvider, isStreamed: Bool = false) -> HTTPHeaders {
        var headers = isStreamed ? Self.streamHeaders : Self.bodyHeaders
        let requestID = ids.next("req_")
        switch provider {
        case .anthropic: headers.add("request-id", requestID)
        case .openAI:
            headers.add("openai-version", "2020-10-01")
            headers.add("x-request-id", requestID)
        }
        return headers
    }

    /// Writes a call down; false when it cannot be, and then it must not be answered.
    func record(_ call: SimulatedCall, _ usage: SimulatedUsage?, status: Int, isComplete: Bool) -> Bool {
        guard let log else { return true }
        let record = CallRecord(
            call: call, usage: usage, status: status, isComplete: isComplete,
            timeMicroseconds: clock.nowMicroseconds())
        return log.append(record)
    }

    private static let bodyHeaders: HTTPHeaders = ["content-type": "application/json"]
    private static let streamHeaders: HTTPHeaders = [
        "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
    ]
}
