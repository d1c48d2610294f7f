import CCurl
import HTTP

/// One request with the caller's thread waiting for it: for the command line, never on a loop.
package enum BlockingHTTP {
    /// Sends `request` and returns the answer whole.
    ///
    /// - Throws: ``HTTPClientError/badResponse(_:)`` when the body is longer than `bodyBytesMax`.
    package static func perform(
        _ request: HTTPClientRequest, bodyBytesMax: Int, configuration: HTTPClientConfiguration = .init()
    ) throws(HTTPClientError) -> (HTTPResponseHead, [UInt8]) {
        let easy = try EasyHandle(configuration, now: { 0 })
        try easy.load(request, bodyBytesMax: configuration.requestBodyBytesMax)
        easy.setBlockingTimeouts(request)
        let answer = Answer()
        let transfer = HTTPTransfer(
            client: nil,
            handlers: HTTPTransferHandlers(
                onHead: { answer.head = $0 },
                onBody: { piece in
                    guard answer.body.count + piece.count <= bodyBytesMax else {
                        easy.refuse("response body longer than \(bodyBytesMax) bytes")
                        return .proceed
                    }
                    answer.body.append(contentsOf: piece)
                    return .proceed
                },
                onComplete: { _ in }))
        easy.transfer = transfer
        defer { easy.transfer = nil }
        let code = curl_easy_perform(easy.raw)
        guard code == CURLE_OK else { throw HTTPClientError(code, on: easy) }
        guard let head = answer.head else { throw .badResponse(.init("no response head", .answered)) }
        return (head, answer.body)
    }

    /// What has come so far.
    private final class Answer {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
    }
}
