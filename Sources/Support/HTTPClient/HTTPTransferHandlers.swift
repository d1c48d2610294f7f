/// What a transfer calls, always on the loop's thread and never from inside ``HTTPClient/send(_:_:)``.
package struct HTTPTransferHandlers {
    /// The final head, at most once.
    package var onHead: (HTTPResponseHead) -> Void

    /// Bytes of the body as they came, valid during the call and taken by it; the answer steers what follows.
    package var onBody: (UnsafeRawBufferPointer) -> HTTPTransfer.Flow

    /// The end, exactly once.
    package var onComplete: (Result<Void, HTTPClientError>) -> Void

    /// Three closures.
    package init(
        onHead: @escaping (HTTPResponseHead) -> Void,
        onBody: @escaping (UnsafeRawBufferPointer) -> HTTPTransfer.Flow,
        onComplete: @escaping (Result<Void, HTTPClientError>) -> Void
    ) {
        self.onHead = onHead
        self.onBody = onBody
        self.onComplete = onComplete
    }
}
