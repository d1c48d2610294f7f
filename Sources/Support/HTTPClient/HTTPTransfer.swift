/// One request under way.
///
/// Loop thread only. Both methods may be called at any time, also inside a handler and after the end; what
/// they cause comes later, from the loop.
package final class HTTPTransfer {
    /// Whether the reader wants more.
    package enum Flow: Sendable {
        case proceed, pause
    }

    /// Set while the request holds an easy handle.
    var easy: EasyHandle?
    /// Set until the end.
    var client: HTTPClient?
    let handlers: HTTPTransferHandlers
    private(set) var isPaused = false
    private(set) var isCancelled = false
    private var isEnded = false

    init(client: HTTPClient?, handlers: HTTPTransferHandlers) {
        self.client = client
        self.handlers = handlers
    }

    /// Lets a paused body flow again.
    package func resume() {
        guard isPaused else { return }
        isPaused = false
        client?.resume(self)
    }

    /// Ends the transfer: no more head or body, then `onComplete` with ``HTTPClientError/cancelled(_:)``.
    package func cancel() {
        guard !isEnded, !isCancelled else { return }
        isCancelled = true
        client?.end(self, .cancelled(.init("cancelled by the caller", easy?.progress ?? .notSent)))
    }

    func deliver(_ head: HTTPResponseHead) {
        guard !isCancelled else { return }
        handlers.onHead(head)
    }

    func deliver(_ bytes: UnsafeRawBufferPointer) {
        if handlers.onBody(bytes) == .pause { isPaused = true }
    }

    func complete(_ result: Result<Void, HTTPClientError>) {
        guard !isEnded else { return }
        isEnded = true
        client = nil
        handlers.onComplete(result)
    }
}
