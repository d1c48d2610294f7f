import CHTTPParser
import CUV
import EventLoop
import Glibc

/// One client's connection: requests in, answers out, one at a time and in order.
///
/// Loop thread only. The socket keeps the object alive until its close callback.
final class HTTPConnection {
    enum Phase {
        /// Between requests, or inside a head.
        case head
        /// Inside a body.
        case body
        /// The handler has the request.
        case handling
        /// The connection has left HTTP.
        case upgraded
        /// The last answer is out; what still comes is thrown away until the client closes.
        case lingering
        /// Closed, or closing.
        case closed
    }

    let server: HTTPServer
    let handle: UnsafeMutablePointer<uv_tcp_t>
    let parser: UnsafeMutablePointer<http_parser>
    var remoteAddress = ""
    /// Where the connection stands in the server's list.
    var index = 0
    var phase = Phase.head
    var exchange: HTTPExchange?
    var upgraded: UpgradedConnection?

    // Reading.
    var pending: [UInt8] = []
    var headScanned = 0
    var blankLines = 0
    var isConsuming = false
    var isReading = false
    var inputEnded = false
    /// Whether our side has ended, with all bytes sent.
    var outputEnded = false
    var requestHead: HTTPRequestHead?
    var body: [UInt8] = []
    var bodyBytesExpected: Int?
    var bodyBytesHeld = 0
    var bodyStartedMilliseconds: UInt64 = 0
    var keepAlive = true
    var minorVersion = 1
    var requestsServed = 0
    var lingerBytes = 0

    // Writing.
    var out: [UInt8] = []
    var isDirty = false
    var framing = ResponseHead.Framing.none
    var wantsDrain = false
    var writeStalledSince: UInt64 = 0
    var writeQueueSeen = 0

    /// When the phase ends by itself, on the loop's clock; 0 for never.
    var deadlineMilliseconds: UInt64 = 0

    /// Adopts a socket that is initialised on the loop and not yet connected.
    init(server: HTTPServer, handle: UnsafeMutablePointer<uv_tcp_t>) {
        self.server = server
        self.handle = handle
        parser = .allocate(capacity: 1)
        http_parser_init(parser)
        parser.pointee.body_max = UInt64(server.configuration.bodyBytesMax)
        parser.pointee.take_body = { context, bytes, count in
            guard let context, let bytes else { return }
            let connection = Unmanaged<HTTPConnection>.fromOpaque(context).takeUnretainedValue()
            connection.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        }
        parser.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    deinit {
        parser.deallocate()
        handle.deallocate()
    }

    var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    }

    var now: UInt64 { server.loop.nowMilliseconds }

    /// Whether no request is begun.
    var isIdle: Bool { phase == .head && pending.isEmpty }

    /// Closes the socket at once; an exchange that is still open hears that the client has gone.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        server.forget(self)
        releaseBody()
        dropOutput()
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let data = closed?.pointee.data else { return }
            let connection = Unmanaged<HTTPConnection>.fromOpaque(data).takeRetainedValue()
            connection.server.handleClosed()
        }
        let open = exchange
        exchange = nil
        open?.disconnected()
        let left = upgraded
        upgraded = nil
        left?.closed()
    }

    /// Closes the socket with a reset, so that a body that ends with the connection is seen to be cut.
    func reset() {
        guard phase != .closed else { return }
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        var descriptor: uv_os_fd_t = -1
        let raw = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
        if uv_fileno(raw, &descriptor) == 0 {
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
        close()
    }

    /// Sends what is queued, ends our side, and waits for the client to close, within limits.
    ///
    /// Closing at once would reset a client that still sends, and it might never see the answer.
    func closeAfterAnswer() {
        guard phase != .closed, phase != .lingering else { return }
        phase = .lingering
        pending = []
        releaseBody()
        deadlineMilliseconds = 0
        flush(behindQueue: true)
        guard phase == .lingering else { return }
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let code = uv_shutdown(request, stream) { request, status in
            guard let request else { return }
            let connection = Unmanaged<HTTPConnection>.fromOpaque(request.pointee.data)
                .takeRetainedValue()
            request.deallocate()
            connection.shutDown(status)
        }
        guard code == 0 else {
            Unmanaged.passUnretained(self).release()
            request.deallocate()
            return close()
        }
        if !inputEnded { startReading() }
    }

    private func shutDown(_ status: Int32) {
        outputEnded = true
        guard phase == .lingering else { return }
        guard status == 0, !inputEnded else { return close() }
        deadlineMilliseconds = now + server.configuration.lingerTimeoutMilliseconds
    }

    /// Gives back the request body's share of the memory for bodies.
    func releaseBody() {
        server.bodiesInFlightBytes -= bodyBytesHeld
        bodyBytesHeld = 0
        body = []
        requestHead = nil
        bodyBytesExpected = nil
    }

    /// Ends what has waited too long; the server's sweep asks each connection.
    func checkDeadlines(_ now: UInt64) {
        let queue = uv_stream_get_write_queue_size(stream)
        if queue > 0, queue == writeQueueSeen {
            if now >= writeStalledSince + server.configuration.writeStallTimeoutMilliseconds {
                server.writeStalls += 1
                return reset()
            }
        } else {
            writeQueueSeen = queue
            writeStalledSince = now
        }
        guard deadlineMilliseconds != 0, now >= deadlineMilliseconds else { return }
        switch phase {
        case .lingering: close()
        case .head where !pending.isEmpty: refuse(.headTimeout)
        // A client that still takes the last answer is not idle; one that stalls is found above.
        case .head where queuedBytes > 0:
            deadlineMilliseconds = now + server.configuration.idleTimeoutMilliseconds
        case .head: close()
        case .body: refuse(.bodyTimeout)
        case .handling, .upgraded, .closed: deadlineMilliseconds = 0
        }
    }
}
