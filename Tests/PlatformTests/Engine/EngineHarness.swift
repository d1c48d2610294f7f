import EventLoop
import Foundation
import HTTPClient
import Platform
import TestSupport

/// An engine client on a loop of its own, asked from a test's thread.
// SAFETY: the loop is started once; what it owns is touched on its thread only.
final class EngineHarness: @unchecked Sendable {
    let loop: EventLoop
    let peer: ScriptedPeer
    private var client: HTTPClient?
    private var engine: EngineClient?

    /// A client of a server that follows `answer`: the whole answer to each request.
    convenience init(
        timeoutMilliseconds: Int = 60_000, _ answer: @escaping @Sendable (String) -> String
    ) throws {
        try self.init(timeoutMilliseconds: timeoutMilliseconds) { connection in
            while let request = connection.request() {
                guard connection.send(answer(request)) else { return }
            }
        }
    }

    /// A client of a server that follows `script` on each connection.
    init(
        timeoutMilliseconds: Int = 60_000, script: @escaping @Sendable (ScriptedPeer.Connection) -> Void
    ) throws {
        peer = ScriptedPeer(unixPath: "/tmp/dledger-engine-\(UUID().uuidString.prefix(8)).sock", script)
        loop = try EventLoop()
        let client = try HTTPClient(loop: loop)
        self.client = client
        engine = EngineClient(
            client: client, endpoint: try EngineEndpoint("unix://\(peer.unixPath ?? "")"),
            timeoutMilliseconds: timeoutMilliseconds)
        try loop.start(named: "engine-test")
    }

    /// Asks the engine on the loop's thread.
    func ask<Value: Sendable>(
        _ question:
            @escaping @Sendable (
                EngineClient, @escaping (Result<Value, EngineError>) -> Void
            ) -> Void
    ) async -> Result<Value, EngineError> {
        await withCheckedContinuation { done in
            loop.post { [self] in
                guard let engine else { preconditionFailure("the harness is closed") }
                question(engine) { done.resume(returning: $0) }
            }
        }
    }

    /// Listens until the stream ends; everything that came.
    func events() async -> (events: [EngineEvent], end: EngineError?) {
        await withCheckedContinuation { done in
            loop.post { [self] in
                guard let engine else { preconditionFailure("the harness is closed") }
                var events: [EngineEvent] = []
                var subscription: (any EngineSubscription)?
                subscription = engine.events(label: "a=b", onEvent: { events.append($0) }) { error in
                    _ = subscription
                    subscription = nil
                    done.resume(returning: (events, error))
                }
            }
        }
    }

    func close() {
        loop.post { [self] in
            engine = nil
            client?.close()
            client = nil
        }
        loop.stop()
        peer.stop()
    }

    /// A whole answer.
    static func answer(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let version = answer(RecordedEngine.version)
    static let nothing = "HTTP/1.1 204 No Content\r\n\r\n"

    /// Answers `/version` as the recorded engine does, everything else with `answer`.
    static func docker(_ answer: String) -> @Sendable (String) -> String {
        { $0.hasPrefix("GET /version ") ? version : answer }
    }
}
