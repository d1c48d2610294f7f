/// A connection that has left HTTP: bytes both ways, as they are. Made by ``HTTPExchange/upgrade(headers:)``.
///
/// It stands outside the server's timeouts, but for a client that takes no bytes: who upgrades watches it.
// SAFETY: used on its server's loop thread only; other threads carry it back with `EventLoop.post`.
package final class UpgradedConnection: @unchecked Sendable {
    /// Takes what the client sends; what came before this was set is handed over when it is.
    package var onBytes: ((UnsafeRawBufferPointer) -> Void)? {
        didSet { connection?.deliverPending() }
    }
    /// Called when queued bytes fell under the low mark after a write that returned false.
    package var onDrain: (() -> Void)?
    /// Called when the server begins to drain: say goodbye and call ``finish()``.
    package var onServerDrain: (() -> Void)?
    /// Called once, when the connection has closed, whoever closed it.
    package var onClose: (() -> Void)?

    private var connection: HTTPConnection?

    init(_ connection: HTTPConnection?) { self.connection = connection }

    /// Whether it has closed.
    package var isClosed: Bool { connection == nil }

    /// Bytes that the client has not taken yet.
    package var queuedBytes: Int { connection?.queuedBytes ?? 0 }

    /// Sends bytes; false when more than the high-water mark is queued (they were taken all the same).
    @discardableResult
    package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let connection, connection.phase == .upgraded, !bytes.isEmpty else { return true }
        return connection.send(bytes)
    }

    /// Sends bytes; false when more than the high-water mark is queued (they were taken all the same).
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { write($0) } }

    /// Sends what is queued and closes.
    package func finish() { connection?.closeAfterAnswer() }

    /// Closes at once.
    package func abort() { connection?.close() }

    /// Closes at once with a reset, so that the system keeps nothing for a client that does not read.
    package func reset() { connection?.reset() }

    /// The socket has closed: tells so once and lets go of everything.
    func closed() {
        let notify = onClose
        onClose = nil
        connection = nil
        onBytes = nil
        onDrain = nil
        onServerDrain = nil
        notify?()
    }
}
