import EventLoop
import HTTPClient
import Synchronization

/// A client on a loop of its own, asked from a test's thread.
// SAFETY: `client` is made, used and closed on the loop's thread only.
final class ClientHarness: @unchecked Sendable {
    /// What came of one transfer.
    struct Outcome: Sendable {
        var heads: [HTTPResponseHead] = []
        var body: [UInt8] = []
        var completions = 0
        var error: HTTPClientError?

        var text: String { String(decoding: body, as: UTF8.self) }
        var status: Int? { heads.first?.status }
    }

    let loop: EventLoop
    private var client: HTTPClient?

    init(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws {
        var configuration = HTTPClientConfiguration()
        change(&configuration)
        loop = try EventLoop()
        client = try HTTPClient(loop: loop, configuration: configuration)
        try loop.start(named: "client-test")
    }

    /// Sends and waits for the end.
    func send(_ request: HTTPClientRequest) async -> Outcome {
        await withCheckedContinuation { done in
            onLoop { client in
                let outcome = LoopBox(Outcome())
                client.send(
                    request,
                    HTTPTransferHandlers(
                        onHead: { outcome.value.heads.append($0) },
                        onBody: { bytes in
                            outcome.value.body.append(contentsOf: bytes)
                            return .proceed
                        },
                        onComplete: { result in
                            outcome.value.completions += 1
                            if case .failure(let error) = result { outcome.value.error = error }
                            done.resume(returning: outcome.value)
                        }))
            }
        }
    }

    /// Runs `body` with the client on the loop's thread.
    func onLoop(_ body: @escaping @Sendable (HTTPClient) -> Void) {
        loop.post { [self] in if let client { body(client) } }
    }

    /// Runs `body` on the loop's thread and waits for what it calls `done` with.
    func onClient<Value: Sendable>(
        _ body: @escaping @Sendable (HTTPClient, @escaping @Sendable (Value) -> Void) -> Void
    ) async -> Value {
        await withCheckedContinuation { done in
            onLoop { client in body(client) { done.resume(returning: $0) } }
        }
    }

    /// Closes the client and waits for the loop's end, which comes only when no handle is left.
    func close() {
        loop.post { [self] in
            client?.close()
            client = nil
        }
        loop.stop()
    }
}

/// A value that closures on one thread share.
// SAFETY: touched on the loop's thread only.
final class LoopBox<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}
