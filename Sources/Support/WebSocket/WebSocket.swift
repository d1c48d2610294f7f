package import EventLoop
package import HTTP

/// The server's end of one WebSocket: texts both ways.
///
/// Loop thread only. The connection keeps it alive until it has closed; nobody else need.
package final class WebSocket {
    private enum Phase {
        /// Texts go both ways.
        case open
        /// Our close frame is out; theirs is waited for.
        case closing
        /// Nothing more is said; the connection may still be on its way out.
        case over
    }

    /// The limits.
    package let configuration: WebSocketConfiguration

    private let loop: EventLoop
    private let connection: UpgradedConnection
    private let codec = FrameCodec()
    private var reader: MessageReader
    private var phase = Phase.open
    private var onText: ((String) -> Void)?
    private var onClose: ((WebSocketCloseCode, _ wasSlow: Bool) -> Void)?
    private var ping: LoopTimer?
    private var closeLimit: LoopTimer?
    private var heardMilliseconds: UInt64

    /// Answers the handshake; nil, and the request refused, when it is not one or the client has gone.
    ///
    /// No extension and no subprotocol is agreed on. ``start(onText:onClose:)`` comes next, at once.
    package static func accept(
        _ exchange: HTTPExchange, on loop: EventLoop,
        configuration: WebSocketConfiguration = WebSocketConfiguration()
    ) -> WebSocket? {
        let handshake: WebSocketHandshake
        do throws(WebSocketRefusal) {
            handshake = try WebSocketHandshake(exchange)
        } catch {
            error.response(on: exchange)
            return nil
        }
        let headers: HTTPHeaders = [
            "upgrade": "websocket", "sec-websocket-accept": handshake.acceptKey,
        ]
        guard let connection = exchange.upgrade(headers: headers) else { return nil }
        return WebSocket(connection, loop, configuration)
    }

    private init(_ connection: UpgradedConnection, _ loop: EventLoop, _ configuration: WebSocketConfiguration)
    {
        self.connection = connection
        self.loop = loop
        self.configuration = configuration
        reader = MessageReader(messageBytesMax: configuration.messageBytesMax)
        heardMilliseconds = loop.nowMilliseconds
    }

    /// Whether texts can still be sent.
    package var isOpen: Bool { phase == .open }

    /// Bytes that the client has not taken yet.
    package var queuedBytes: Int { connection.queuedBytes }

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - onText: called with each message.
    ///   - onClose: called exactly once, when the last message has come: with the client's code, or ours if
    ///     the client broke a rule, or ``WebSocketCloseCode/abnormal``; and whether it was dropped because
    ///     it read too slowly. It may be called inside ``send(_:)``.
    package func start(
        onText: @escaping (String) -> Void, onClose: @escaping (WebSocketCloseCode, _ wasSlow: Bool) -> Void
    ) {
        guard self.onClose == nil, phase == .open else { return }
        self.onText = onText
        self.onClose = onClose
        guard !connection.isClosed else { return end(.abnormal) }
        let interval = configuration.pingIntervalMilliseconds
        ping = LoopTimer(on: loop, after: interval, repeating: interval) { [weak self] in self?.probe() }
        connection.onClose = { self.connectionClosed() }
        connection.onServerDrain = { self.close(.goingAway) }
        connection.onBytes = { self.received($0) }
    }

    /// Sends a message; drops the client instead when it has left too much unread.
    package func send(_ text: String) {
        guard phase == .open else { return }
        var text = text
        text.withUTF8 { write(.text, UnsafeRawBufferPointer($0)) }
    }

    /// Sends a message of bytes that are UTF-8; drops the client instead when it has left too much unread.
    package func send(_ text: [UInt8]) {
        guard phase == .open else { return }
        text.withUnsafeBytes { write(.text, $0) }
    }

    /// Says goodbye; the connection ends when the client has answered, or its time is over.
    package func close(_ code: WebSocketCloseCode) {
        guard phase == .open else { return }
        writeClose(code)
        guard phase == .open else { return }
        phase = .closing
        limitClose()
    }

    /// Cuts the connection at once.
    package func abort() {
        end(.abnormal)
        connection.reset()
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        heardMilliseconds = loop.nowMilliseconds
        let isWellFormed = codec.take(bytes) { piece in
            if let event = reader.take(piece) { handle(event) }
            return phase != .over
        }
        if !isWellFormed { fail(.protocolError) }
    }

    private func handle(_ event: MessageReader.Event) {
        switch event {
        case .text(let text): if phase == .open { onText?(text) }
        case .ping(let payload): if phase == .open { payload.withUnsafeBytes { write(.pong, $0) } }
        case .pong: break
        case .close(let code):
            if phase == .open { writeClose(code) }
            finish(code)
        case .failure(let code): fail(code)
        }
    }

    /// Says what was wrong and ends.
    private func fail(_ code: WebSocketCloseCode) {
        if phase == .open { writeClose(code) }
        finish(code)
    }

    /// Sends what is queued and closes the connection.
    private func finish(_ code: WebSocketCloseCode) {
        guard phase != .over else { return }
        end(code)
        connection.finish()
        if !connection.isClosed { limitClose() }
    }

    private func writeClose(_ code: WebSocketCloseCode) {
        let number = code.rawValue
        let payload = code.isSendable ? [UInt8(number >> 8), UInt8(number & 0xFF)] : []
        payload.withUnsafeBytes { write(.close, $0) }
    }

    private func write(_ opcode: FrameOpcode, _ payload: UnsafeRawBufferPointer) {
        guard connection.queuedBytes <= configuration.queuedBytesMax else {
            end(.abnormal, wasSlow: true)
            return connection.reset()
        }
        connection.write(codec.frame(opcode, payload))
    }

    /// Asks whether the client is there, or gives it up.
    private func probe() {
        guard loop.nowMilliseconds < heardMilliseconds + configuration.silenceTimeoutMilliseconds else {
            return abort()
        }
        if phase == .open { write(.ping, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    private func limitClose() {
        guard closeLimit == nil else { return }
        closeLimit = LoopTimer(on: loop, after: configuration.closeTimeoutMilliseconds) { [weak self] in
            self?.abort()
        }
    }

    private func connectionClosed() {
        closeLimit?.cancel()
        closeLimit = nil
        end(.abnormal)
    }

    /// Tells its owner, once, and lets go of it.
    private func end(_ code: WebSocketCloseCode, wasSlow: Bool = false) {
        phase = .over
        ping?.cancel()
        ping = nil
        let notify = onClose
        onText = nil
        onClose = nil
        notify?(code, wasSlow)
    }
}
