import CUV

/// One request and its answer.
///
/// The request's body is complete when the handler gets the exchange. The answer may be given at once or
/// later, whole (``respond(status:headers:body:)``) or in pieces (`start`, `write`, ``finish()``). Calls that
/// come too late or out of order are ignored, so a handler need not track whether the client is there.
// SAFETY: used on its server's loop thread only; other threads carry it back with `EventLoop.post`.
package final class HTTPExchange: @unchecked Sendable {
    /// What was asked.
    package let head: HTTPRequestHead
    /// The request's whole body.
    package let body: [UInt8]
    /// The client's address, without port.
    package let remoteAddress: String
    /// When the request was complete, on libuv's monotonic clock.
    package let startedNanoseconds: UInt64
    /// The route's template, for metrics; `other` until a router sets it.
    package var route = "other"
    /// Who asks; set by a service after it has authenticated the request.
    package var user: String?
    /// Called when queued bytes fell under the low mark after a write that returned false.
    package var onDrain: (() -> Void)?
    /// Called when the client has gone before the answer's end; writes are ignored from then on.
    package var onDisconnect: (() -> Void)?
    /// Called exactly once: at the answer's end, or with status 499 when the client went first.
    package var onFinished: ((_ status: Int, _ elapsedNanoseconds: UInt64) -> Void)?

    private enum Phase { case waiting, streaming, ended }
    private var phase = Phase.waiting
    private var sink: (any ResponseSink)?
    private var status = 0
    /// Bytes that a declared `content-length` still allows; nil when none was declared.
    private var bodyBytesLeft: Int?
    private var sendsBody = false
    private var isHead: Bool { head.method == "HEAD" }

    init(head: HTTPRequestHead, body: [UInt8], remoteAddress: String, sink: any ResponseSink) {
        self.head = head
        self.body = body
        self.remoteAddress = remoteAddress
        self.sink = sink
        startedNanoseconds = uv_hrtime()
    }

    /// Creates an exchange that answers into memory; see ``recorded``.
    package convenience init(inMemory head: HTTPRequestHead, body: [UInt8] = []) {
        self.init(head: head, body: body, remoteAddress: "127.0.0.1", sink: RecordedResponse())
        recorded = sink as? RecordedResponse
    }

    /// What an in-memory exchange has answered; nil on a connection.
    package private(set) var recorded: RecordedResponse?

    /// Whether nothing more can be answered: ended, broken off, or the client has gone.
    package var isEnded: Bool { phase == .ended }

    /// Bytes of the answer that the client has not taken yet; 0 after the end.
    package var queuedBytes: Int { sink?.queuedBytes ?? 0 }

    /// Whether a client that sends no more counts as gone.
    private(set) var needsClient = false

    /// From now on a client that sends no more counts as gone; set ``onDisconnect`` before: it may be called
    /// from within.
    ///
    /// TCP does not tell a client that has closed from one that has only sent all it will send, and still
    /// reads. Work that is long or dear, and for nobody but this client, takes both for the first.
    package func requireClient() {
        needsClient = true
        if let sink, sink.inputEnded { sink.leave() }
    }

    /// Whether the client sends no more: it has gone, or only said all that it will say.
    package var isInputEnded: Bool { sink?.inputEnded ?? true }

    /// Whether the head of an answer was sent.
    package var isStarted: Bool { status != 0 }

    /// Answers with a whole body.
    package func respond(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        guard phase == .waiting, let sink else { return }
        self.status = status
        let framing = ResponseHead.hasBody(status) ? ResponseHead.Framing.length(body.count) : .none
        let answer = ResponseHead(
            status: status, headers: headers, framing: framing, isBodyless: isHead)
        let whole = framing == .none || isHead ? [] : body
        end { sink.send(answer, whole: whole) }
    }

    /// Begins a streamed answer.
    ///
    /// It is chunked, unless `headers` has a `content-length` or the client speaks HTTP/1.0.
    package func start(status: Int, headers: HTTPHeaders = [:]) {
        guard phase == .waiting, let sink else { return }
        phase = .streaming
        self.status = status
        let declared = headers["content-length"].flatMap(Int.init).flatMap { $0 >= 0 ? $0 : nil }
        var framing = ResponseHead.Framing.none
        if ResponseHead.hasBody(status) {
            framing = declared.map { .length($0) } ?? (head.minorVersion == 0 ? .untilClose : .chunked)
            bodyBytesLeft = declared
        }
        if isHead { bodyBytesLeft = nil }
        sendsBody = framing != .none && !isHead
        sink.send(ResponseHead(status: status, headers: headers, framing: framing, isBodyless: isHead))
    }

    /// Sends bytes of a streamed answer; false when more than the high-water mark is queued.
    ///
    /// The bytes were taken in both cases; after false, wait for ``onDrain``.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard phase == .streaming, sendsBody, let sink, !bytes.isEmpty else { return true }
        guard let left = bodyBytesLeft else { return sink.send(bytes) }
        // Never more than was declared: the rest would be read as the next answer.
        let taken = min(left, bytes.count)
        bodyBytesLeft = left - taken
        return taken == 0 || sink.send(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
    }

    /// Sends bytes of a streamed answer; false when more than the high-water mark is queued.
    package func write(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { write($0) } }

    /// Ends a streamed answer; one that is shorter than declared is broken off instead.
    package func finish() {
        guard phase == .streaming, let sink else { return }
        let isShort = (bodyBytesLeft ?? 0) > 0
        end { isShort ? sink.abort() : sink.end() }
    }

    /// Answers 101 with these fields and leaves HTTP.
    ///
    /// The fields name the `upgrade`; `connection` is added. It is nil, and nothing answered, when the
    /// request did not ask for it or the client has gone.
    package func upgrade(headers: HTTPHeaders) -> UpgradedConnection? {
        guard phase == .waiting, let sink, head.minorVersion == 1, head.headers["upgrade"] != nil else {
            return nil
        }
        status = 101
        var upgraded: UpgradedConnection?
        end { upgraded = sink.upgrade(ResponseHead(status: 101, headers: headers, framing: .upgrade)) }
        return upgraded
    }

    /// Closes the connection: the client sees a truncated answer.
    package func abort() {
        guard phase != .ended, let sink else { return }
        if status == 0 { status = 499 }
        end { sink.abort() }
    }

    /// The client has gone.
    package func disconnected() {
        guard phase != .ended else { return }
        status = 499
        let notify = onDisconnect
        end {}
        notify?()
    }

    /// Queued bytes fell under the low mark.
    package func drained() { onDrain?() }

    /// Reports the end once and lets go of everything, so that closures that hold the exchange free it.
    private func end(_ send: () -> Void) {
        phase = .ended
        let finished = onFinished
        sink = nil
        onDrain = nil
        onDisconnect = nil
        onFinished = nil
        send()
        finished?(status, uv_hrtime() - startedNanoseconds)
    }
}

extension ResponseHead {
    /// Whether an answer with this status can have a body.
    static func hasBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }
}
