package import HTTPClient
import EventLoop
import HTTP
import JSON

/// The Docker Engine API over a socket file or tcp; Podman's dialect of it too.
///
/// Loop thread only. The version of the API is agreed on with the first call, and again after the engine was
/// out of reach.
package final class EngineClient: ContainerEngine {
    /// Calls that wait until a version is agreed on.
    static let waitingMax = 1024

    private enum Agreement {
        case none
        case asking
        case known(EngineVersion)
    }

    private let client: HTTPClient
    private let endpoint: EngineEndpoint
    private let timeoutMilliseconds: Int
    private var agreement = Agreement.none
    private var waiting: [(Result<EngineVersion, EngineError>) -> Void] = []

    /// Creates a client; `timeoutMilliseconds` is for calls that only look.
    package init(client: HTTPClient, endpoint: EngineEndpoint, timeoutMilliseconds: Int = 5000) {
        self.client = client
        self.endpoint = endpoint
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    package func create(_ spec: ContainerSpec, then: @escaping (Result<String, EngineError>) -> Void) {
        call("POST", "/containers/create?name=\(EnginePath.escape(spec.name))", body: spec.json, 30_000) {
            answer, _ in
            then(
                answer.flatMap { body in
                    Self.attempt { () throws(EngineError) in
                        let root = try EngineJSON.object(body, of: "the answer to create")
                        guard let id = root["Id"]?.string, !id.isEmpty else {
                            throw .malformed("the answer to create has no Id")
                        }
                        return id
                    }
                })
        }
    }

    package func start(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) {
        act("POST", EnginePath.container(id, "/start"), 30_000, then: then)
    }

    package func stop(
        _ id: String, graceSeconds: Int, then: @escaping (Result<Void, EngineError>) -> Void
    ) {
        let grace = min(max(graceSeconds, 0), 3600)
        act("POST", EnginePath.container(id, "/stop?t=\(grace)"), (grace + 10) * 1000, then: then)
    }

    package func remove(_ id: String, then: @escaping (Result<Void, EngineError>) -> Void) {
        act("DELETE", EnginePath.container(id, "?force=true&v=true"), 30_000) { result in
            if case .failure(.notFound) = result { return then(.success(())) }
            then(result)
        }
    }

    package func inspect(_ id: String, then: @escaping (Result<EngineContainer, EngineError>) -> Void) {
        call("GET", EnginePath.container(id, "/json"), timeoutMilliseconds) { answer, _ in
            then(
                answer.flatMap { body in
                    Self.attempt { () throws(EngineError) in try EngineContainer(inspected: body) }
                })
        }
    }

    package func list(
        label: String, then: @escaping (Result<[EngineContainer], EngineError>) -> Void
    ) {
        let path = "/containers/json?all=true&filters=\(Self.filters(label: label))"
        call("GET", path, timeoutMilliseconds) { answer, _ in
            then(
                answer.flatMap { body in
                    Self.attempt { () throws(EngineError) in
                        var containers: [EngineContainer] = []
                        for value in try EngineJSON.array(body, of: "the list of containers") {
                            containers.append(try EngineContainer(listed: value))
                        }
                        return containers
                    }
                })
        }
    }

    package func stats(_ id: String, then: @escaping (Result<StatsSample, EngineError>) -> Void) {
        let path = EnginePath.container(id, "/stats?stream=false&one-shot=true")
        call("GET", path, timeoutMilliseconds) { answer, version in
            then(
                answer.flatMap { body in
                    Self.attempt { () throws(EngineError) in
                        try StatsSample(body, isPodman: version?.isPodman ?? false)
                    }
                })
        }
    }

    package func events(
        label: String, onEvent: @escaping (EngineEvent) -> Void,
        onEnd: @escaping (EngineError?) -> Void
    ) -> any EngineSubscription {
        let stream = EventStream(onEvent: onEvent, onEnd: onEnd)
        agreed { version in
            switch version {
            case .failure(let error): stream.fail(error)
            case .success(let version):
                let filters = Self.filters(label: label, type: "container")
                let path = "/events?filters=\(filters)"
                stream.open(on: self.client, self.request("GET", version, path, nil, 0)) { error in
                    self.look(at: error)
                }
            }
        }
        return stream
    }
}

// One call.
extension EngineClient {
    /// Does what has no answer but whether it was done; 304 means that it was done already.
    private func act(
        _ method: String, _ path: String, _ timeoutMilliseconds: Int,
        then: @escaping (Result<Void, EngineError>) -> Void
    ) {
        call(method, path, timeoutMilliseconds) { answer, _ in
            if case .failure(.refused(status: 304, _)) = answer { return then(.success(())) }
            then(answer.map { _ in })
        }
    }

    private func call(
        _ method: String, _ path: String, body: [UInt8]? = nil, _ timeoutMilliseconds: Int,
        then: @escaping (Result<[UInt8], EngineError>, EngineVersion?) -> Void
    ) {
        agreed { version in
            switch version {
            case .failure(let error): then(.failure(error), nil)
            case .success(let version):
                let request = self.request(method, version, path, body, timeoutMilliseconds)
                EngineCall.send(request, on: self.client) { answer in
                    if case .failure(let error) = answer { self.look(at: error) }
                    then(answer, version)
                }
            }
        }
    }

    private func request(
        _ method: String, _ version: EngineVersion?, _ path: String, _ body: [UInt8]?,
        _ timeoutMilliseconds: Int
    ) -> HTTPClientRequest {
        let prefix = version.map { "/v\($0.api.text)" } ?? ""
        return HTTPClientRequest(
            method: method, url: endpoint.urlPrefix + prefix + path,
            headers: body == nil ? [:] : ["content-type": "application/json"], body: body ?? [],
            idleTimeoutMilliseconds: 0, totalTimeoutMilliseconds: timeoutMilliseconds,
            unixSocketPath: endpoint.unixSocketPath)
    }

    /// Forgets the version when the engine may be another one by now.
    private func look(at error: EngineError) {
        guard case .known = agreement else { return }
        switch error {
        case .unreachable: agreement = .none
        case .refused(status: 400, let message) where message.contains("version"): agreement = .none
        default: break
        }
    }

    /// Calls `then` with the version, once it is agreed on.
    private func agreed(_ then: @escaping (Result<EngineVersion, EngineError>) -> Void) {
        if case .known(let version) = agreement { return then(.success(version)) }
        guard waiting.count < Self.waitingMax else {
            _ = LoopTimer(on: client.loop, after: 0) {
                then(.failure(.unreachable("too many calls wait for the engine")))
            }
            return
        }
        waiting.append(then)
        guard case .none = agreement else { return }
        agreement = .asking
        EngineCall.send(request("GET", nil, "/version", nil, timeoutMilliseconds), on: client) { answer in
            let version = answer.flatMap { body in
                Self.attempt { () throws(EngineError) in try EngineVersion(body) }
            }
            if case .success(let version) = version {
                self.agreement = .known(version)
            } else {
                self.agreement = .none
            }
            let waiting = self.waiting
            self.waiting = []
            for then in waiting { then(version) }
        }
    }

    private static func attempt<Value>(
        _ body: () throws(EngineError) -> Value
    ) -> Result<Value, EngineError> {
        do throws(EngineError) { return .success(try body()) } catch { return .failure(error) }
    }

    private static func filters(label: String, type: String? = nil) -> String {
        let json = JSONText.object { text in
            text.key("label")
            text.array { $0.string(label) }
            guard let type else { return }
            text.key("type")
            text.array { $0.string(type) }
        }
        return EnginePath.escape(String(decoding: json, as: UTF8.self))
    }
}
