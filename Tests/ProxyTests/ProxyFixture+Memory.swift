import HTTP
import Proxy
import TestSupport
import Threads

/// How a test reaches the routes.
enum Transport: String, CaseIterable, Sendable {
    /// The service itself, in memory.
    case memory
    /// A server on loopback.
    case socket
}

extension ProxyFixture {
    /// Sends one request and waits for its answer's status and body.
    func send(
        _ method: String, _ path: String, headers: [String], _ body: String, over transport: Transport
    ) throws -> (status: Int, text: String) {
        guard transport == .memory else {
            let answer = try send(method, path, headers: headers, body)
            return (answer.status, answer.text)
        }
        var fields: HTTPHeaders = ["host": "proxy"]
        for line in headers {
            let parts = line.split(separator: ": ", maxSplits: 1)
            fields.add(String(parts[0]), String(parts[1]))
        }
        let head = HTTPRequestHead(method: method, target: path, headers: fields)
        let done = Semaphore()
        let answer = Lock((status: 0, text: ""))
        loop.post { [self] in
            let exchange = HTTPExchange(inMemory: head, body: Array(body.utf8))
            let recorded = exchange.recorded
            service.handle(exchange)
            let counted = exchange.onFinished
            let finish = {
                answer.withLock { $0 = (recorded?.status ?? 0, recorded?.text ?? "") }
                done.signal()
            }
            if exchange.isEnded { return finish() }
            exchange.onFinished = { status, nanoseconds in
                counted?(status, nanoseconds)
                finish()
            }
        }
        done.wait()
        return answer.withLock { $0 }
    }
}
