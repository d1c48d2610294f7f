import HTTP
import HTTPClient
import JSON

/// One request to the engine, its whole answer kept up to a limit, then mapped.
final class EngineCall {
    /// What an answer may have.
    static let bodyBytesMax = 8 << 20
    /// What is kept of the engine's words.
    static let messageBytesMax = 300

    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var isTooLong = false
    private var transfer: HTTPTransfer?
    private var then: ((Result<[UInt8], EngineError>) -> Void)?

    private init(_ then: @escaping (Result<[UInt8], EngineError>) -> Void) { self.then = then }

    /// Sends `request`; `then` has the body of an answer that went well.
    static func send(
        _ request: HTTPClientRequest, on client: HTTPClient,
        then: @escaping (Result<[UInt8], EngineError>) -> Void
    ) {
        let call = EngineCall(then)
        call.transfer = client.send(
            request,
            HTTPTransferHandlers(
                onHead: { call.head = $0 },
                onBody: { bytes in
                    call.take(bytes)
                    return .proceed
                },
                onComplete: { call.end($0) }))
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard !isTooLong else { return }
        guard body.count + bytes.count <= Self.bodyBytesMax else {
            isTooLong = true
            body = []
            transfer?.cancel()
            return
        }
        body.append(contentsOf: bytes)
    }

    private func end(_ result: Result<Void, HTTPClientError>) {
        transfer = nil
        let then = then
        self.then = nil
        then?(outcome(result))
    }

    private func outcome(_ result: Result<Void, HTTPClientError>) -> Result<[UInt8], EngineError> {
        guard !isTooLong else {
            return .failure(.malformed("an answer of more than \(Self.bodyBytesMax) bytes"))
        }
        if case .failure(let error) = result { return .failure(EngineError(error)) }
        guard let head else { return .failure(.malformed("an answer without a head")) }
        guard !(200...299).contains(head.status) else { return .success(body) }
        return .failure(EngineError(status: head.status, body: body))
    }
}

extension EngineError {
    /// Why no answer came.
    init(_ error: HTTPClientError) {
        switch error {
        case .timeout(.connect, let detail): self = .unreachable(detail.reason)
        case .timeout: self = .timedOut
        case .badResponse(let detail): self = .malformed(detail.reason)
        default: self = .unreachable(error.reason)
        }
    }

    /// What an answer that is no success means.
    init(status: Int, body: [UInt8]) {
        let said = (try? JSONDocument.parse(body, depthMax: 32).root["message"]?.string) ?? nil
        let whole = said ?? String(decoding: body.prefix(EngineCall.messageBytesMax), as: UTF8.self)
        var message = ""
        for character in whole {
            guard message.utf8.count + character.utf8.count <= EngineCall.messageBytesMax else { break }
            message.append(character)
        }
        switch status {
        case 404: self = .notFound(message)
        case 409: self = .conflict(message)
        default: self = .refused(status: status, message: message)
        }
    }

    /// Whether the engine was not there, so that another may come in its place.
    var isUnreachable: Bool {
        if case .unreachable = self { return true }
        return false
    }
}
