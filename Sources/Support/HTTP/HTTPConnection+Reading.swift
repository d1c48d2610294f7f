import CHTTPParser
import CUV

extension HTTPConnection {
    /// Lets bytes come in.
    func startReading() {
        guard !isReading, !inputEnded, phase != .closed else { return }
        isReading = true
        uv_read_start(
            stream,
            { handle, _, buffer in
                guard let handle, let buffer, let data = handle.pointee.data else { return }
                let connection = Unmanaged<HTTPConnection>.fromOpaque(data).takeUnretainedValue()
                // One buffer serves all connections of the loop: it is used up before the next read.
                let bytes = connection.server.readBuffer
                buffer.pointee = uv_buf_t(
                    base: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
            },
            { handle, count, buffer in
                guard let handle, let data = handle.pointee.data else { return }
                let connection = Unmanaged<HTTPConnection>.fromOpaque(data).takeUnretainedValue()
                guard count >= 0 else { return connection.inputStopped(Int32(count)) }
                guard count > 0 else { return }
                connection.received(UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
            })
    }

    private func stopReading() {
        guard isReading else { return }
        isReading = false
        uv_read_stop(stream)
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        switch phase {
        case .lingering:
            lingerBytes += bytes.count
            if lingerBytes > server.configuration.lingerBytesMax { close() }
        case .handling:
            stash(bytes)
        case .upgraded: receivedUpgraded(bytes)
        case .head, .body:
            if pending.isEmpty {
                consumeAndKeepRest(bytes)
            } else {
                pending.append(contentsOf: bytes)
                consumePending()
            }
        case .closed: break
        }
    }

    /// Keeps what comes ahead of its turn, and takes no more when that is much.
    func stash(_ bytes: UnsafeRawBufferPointer) {
        pending.append(contentsOf: bytes)
        if pending.count > server.configuration.pipelinedBytesMax { stopReading() }
    }

    /// Goes on with what came ahead of its turn.
    func resume() {
        guard !isConsuming else { return }
        if !pending.isEmpty { consumePending() }
        guard phase == .head || phase == .body else { return }
        if inputEnded { return endOfInput() }
        startReading()
    }

    private func consumePending() {
        let taken = pending
        pending = []
        taken.withUnsafeBytes { consumeAndKeepRest($0) }
    }

    private func consumeAndKeepRest(_ bytes: UnsafeRawBufferPointer) {
        isConsuming = true
        var used = 0
        while used < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
            let step: Int
            switch phase {
            case .head: step = takeHead(rest)
            case .body: step = takeBody(rest)
            case .handling, .upgraded, .lingering, .closed: step = 0
            }
            if step == 0 { break }
            used += step
        }
        isConsuming = false
        if used < bytes.count, phase != .lingering, phase != .closed {
            pending.append(contentsOf: bytes[used...])
            if phase == .handling, pending.count > server.configuration.pipelinedBytesMax {
                stopReading()
            }
        }
        if phase == .head, pending.isEmpty { becomeIdle() }
        deliverPending()
    }

    private func becomeIdle() {
        deadlineMilliseconds = now + server.configuration.idleTimeoutMilliseconds
    }

    private func inputStopped(_ code: Int32) {
        guard code == UV_EOF.rawValue else { return close() }
        inputEnded = true
        isReading = false
        switch phase {
        case .head, .body: endOfInput()
        // Half-closed: the answer is still wanted, unless its handler says otherwise.
        case .handling: if exchange?.needsClient ?? false { leave() }
        case .upgraded: close()
        case .lingering: if outputEnded { close() }
        case .closed: break
        }
    }

    /// The client sends no more: a begun request can never be whole.
    private func endOfInput() {
        if phase == .head && pending.isEmpty { closeAfterAnswer() } else { refuse(.malformed) }
    }

    /// Takes a head, or nothing while it is not whole; returns how many bytes it was.
    private func takeHead(_ bytes: UnsafeRawBufferPointer) -> Int {
        if bytes[0] == UInt8(ascii: "\r"), headScanned == 0 { return skipBlankLine(bytes) }
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
        let configuration = server.configuration
        let end = http_head_end(base, headScanned, bytes.count)
        if end < 0 { return refuse(.malformed) }
        if end > configuration.headBytesMax || (end == 0 && bytes.count > configuration.headBytesMax) {
            let hasLine = bytes.prefix(configuration.headBytesMax).contains(UInt8(ascii: "\n"))
            return refuse(hasLine ? .headTooLarge : .targetTooLong)
        }
        guard end > 0 else {
            if headScanned == 0 { deadlineMilliseconds = now + configuration.headTimeoutMilliseconds }
            headScanned = bytes.count
            return 0
        }
        headScanned = 0
        blankLines = 0
        let head = server.headScratch
        let verdict = http_head_parse(parser, head, base, end)
        if let refusal = RequestRefusal(verdict, head: head.pointee, configuration) {
            return refuse(refusal)
        }
        requestsServed += 1
        keepAlive = head.pointee.keep_alive && requestsServed < configuration.requestsPerConnectionMax
        minorVersion = Int(head.pointee.minor_version)
        let request = HTTPRequestHead(
            parsed: head.pointee, UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        return end + begin(request, head.pointee, UnsafeRawBufferPointer(rebasing: bytes[end...]))
    }

    private func skipBlankLine(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count > 1 else {
            if deadlineMilliseconds == 0 || blankLines == 0 {
                deadlineMilliseconds = now + server.configuration.headTimeoutMilliseconds
            }
            return 0
        }
        blankLines += 1
        guard bytes[1] == UInt8(ascii: "\n"), blankLines <= 4 else { return refuse(.malformed) }
        return 2
    }

    /// Begins the body after a head; returns how many bytes of it were taken at once.
    private func begin(
        _ request: HTTPRequestHead, _ head: http_head, _ rest: UnsafeRawBufferPointer
    )
        -> Int
    {
        let length = Int(head.content_length)
        if !head.chunked && length == 0 {
            dispatch(request, [])
            return 0
        }
        guard server.bodiesInFlightBytes + length <= server.configuration.bodiesInFlightBytesMax else {
            return refuse(.bodiesInFlight)
        }
        if !head.chunked, rest.count >= length {
            hold(length)
            dispatch(request, Array(rest[..<length]))
            return length
        }
        if head.expects_continue, rest.isEmpty, minorVersion == 1 { sendContinue() }
        requestHead = request
        bodyBytesExpected = head.chunked ? nil : length
        body.reserveCapacity(min(length, 256 * 1024))
        bodyStartedMilliseconds = now
        phase = .body
        extendBodyDeadline(received: 0)
        return 0
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        let before = body.count
        let used: Int
        var isWhole: Bool
        if let expected = bodyBytesExpected {
            used = min(expected - before, bytes.count)
            body.append(contentsOf: bytes[..<used])
            isWhole = body.count == expected
        } else {
            used = http_chunked_feed(
                parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            isWhole = parser.pointee.complete
            guard used >= 0 else {
                return refuse(used == HTTP_BODY_TOO_LARGE.rawValue ? .bodyTooLarge : .malformed)
            }
        }
        guard phase == .body else { return 0 }
        hold(body.count - before)
        guard server.bodiesInFlightBytes <= server.configuration.bodiesInFlightBytesMax else {
            return refuse(.bodiesInFlight)
        }
        if isWhole, let request = requestHead {
            let whole = body
            body = []
            requestHead = nil
            dispatch(request, whole)
        } else {
            if body.count > before { extendBodyDeadline(received: body.count) }
        }
        return used
    }

    private func hold(_ count: Int) {
        bodyBytesHeld += count
        server.bodiesInFlightBytes += count
    }

    /// The next byte must come in time, and all of them at a least rate.
    private func extendBodyDeadline(received: Int) {
        let configuration = server.configuration
        let earned = UInt64(received) * 1000 / max(1, configuration.bodyBytesPerSecondMin)
        deadlineMilliseconds = min(
            now + configuration.bodyTimeoutMilliseconds,
            bodyStartedMilliseconds + configuration.bodyTimeoutMilliseconds + earned)
    }

    private func dispatch(_ request: HTTPRequestHead, _ body: [UInt8]) {
        phase = .handling
        deadlineMilliseconds = 0
        let exchange = HTTPExchange(head: request, body: body, remoteAddress: remoteAddress, sink: self)
        self.exchange = exchange
        server.handler(exchange)
    }

    /// Turns the request away and closes; returns 0, because no byte after it means anything.
    @discardableResult
    func refuse(_ refusal: RequestRefusal) -> Int {
        server.count(refusal)
        keepAlive = false
        minorVersion = 1
        let problem = refusal.problem
        let body = problem.body
        let headers = problem.fields(and: [:])
        transmit(
            ResponseHead(status: problem.status, headers: headers, framing: .length(body.count)), body)
        closeAfterAnswer()
        return 0
    }
}

extension RequestRefusal {
    /// What a parsed head is refused for, if anything.
    init?(_ verdict: http_verdict, head: http_head, _ configuration: HTTPServerConfiguration) {
        switch verdict {
        case HTTP_ACCEPTED: break
        case HTTP_TOO_MANY_FIELDS:
            self = .headTooLarge
            return
        case HTTP_BAD_VERSION:
            self = .version
            return
        case HTTP_BAD_METHOD:
            self = .method
            return
        default:
            self = .malformed
            return
        }
        if head.target_length > configuration.targetBytesMax {
            self = .targetTooLong
            return
        }
        if head.content_length > configuration.bodyBytesMax {
            self = .bodyTooLarge
            return
        }
        if head.expects_other {
            self = .expectation
            return
        }
        return nil
    }
}
