import CUV

extension HTTPConnection: ResponseSink {
    /// From this many bytes on, a streamed answer is written at once instead of at the iteration's end.
    private static let gatheredBytesMax = 16 * 1024

    func send(_ head: ResponseHead, whole body: [UInt8]) {
        settle(head)
        transmit(head, body)
        answered()
    }

    func send(_ head: ResponseHead) {
        settle(head)
        framing = head.isBodyless ? .none : head.framing
        gather { out in append(head, to: &out) }
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard phase != .closed else { return true }
        gather { out in
            if framing == .chunked { HTTPConnection.appendChunkSize(bytes.count, to: &out) }
            out.append(contentsOf: bytes)
            if framing == .chunked { ResponseHead.endLine(&out) }
        }
        if out.count >= HTTPConnection.gatheredBytesMax { flush() }
        // After a failed flush a write is under way, and its callback tells of the drain.
        wantsDrain = phase != .closed && queuedBytes > server.configuration.writeHighWaterBytes
        return !wantsDrain
    }

    func end() {
        if framing == .chunked { gather { $0.append(contentsOf: HTTPConnection.lastChunk) } }
        if framing == .untilClose { keepAlive = false }
        answered()
    }

    func abort() {
        guard phase != .closed else { return }
        exchange = nil
        flush()
        if framing == .untilClose { reset() } else { close() }
    }

    func leave() {
        guard phase != .closed, let open = exchange else { return }
        exchange = nil
        // What is queued before an answer has begun is the one before it, and complete.
        if open.isStarted || queuedBytes == 0 { close() } else { closeAfterAnswer() }
        open.disconnected()
    }

    /// Bytes that the client has not taken yet.
    var queuedBytes: Int { out.count + uv_stream_get_write_queue_size(stream) }

    /// Decides before the head goes out whether the connection lives on.
    private func settle(_ head: ResponseHead) {
        guard head.framing != .upgrade else { return }
        if server.isDraining || head.asksToClose || head.framing == .untilClose { keepAlive = false }
    }

    /// The answer has ended: on to the next request, or to the end.
    private func answered() {
        guard phase == .handling else { return }
        exchange = nil
        framing = .none
        wantsDrain = false
        releaseBody()
        guard keepAlive, !server.isDraining else { return closeAfterAnswer() }
        phase = .head
        deadlineMilliseconds = now + server.configuration.idleTimeoutMilliseconds
        resume()
    }

    private func append(_ head: ResponseHead, to out: inout [UInt8]) {
        head.append(to: &out, date: server.dateField, keepAlive: keepAlive, minorVersion: minorVersion)
    }

    func sendContinue() {
        gather { $0.append(contentsOf: HTTPConnection.continueLine) }
    }

    /// Sends a whole answer: in one system call and without copying the body, when nothing is before it.
    func transmit(_ head: ResponseHead, _ body: [UInt8]) {
        guard phase != .closed else { return }
        guard out.isEmpty else {
            gather { out in
                append(head, to: &out)
                out.append(contentsOf: body)
            }
            if out.count >= HTTPConnection.gatheredBytesMax { flush() }
            return
        }
        var bytes = server.takeBuffer()
        append(head, to: &bytes)
        bytes.withUnsafeBytes { first in body.withUnsafeBytes { second in write(first, second) } }
        server.giveBuffer(&bytes)
    }

    /// Adds to what goes out at the end of this loop iteration.
    private func gather(_ fill: (inout [UInt8]) -> Void) {
        guard phase != .closed else { return }
        if out.capacity == 0 { out = server.takeBuffer() }
        fill(&out)
        guard !isDirty else { return }
        isDirty = true
        server.dirty.append(self)
    }

    /// Sends what was gathered; while a write is under way its end does that, unless `behindQueue` is set.
    func flush(behindQueue: Bool = false) {
        guard phase != .closed, !out.isEmpty else { return }
        guard behindQueue || uv_stream_get_write_queue_size(stream) == 0 else { return }
        var bytes = out
        out = []
        bytes.withUnsafeBytes { write($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
        server.giveBuffer(&bytes)
    }

    func dropOutput() { out = [] }

    /// Writes what the socket takes now, and queues a copy of the rest.
    private func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
        var sent = 0
        let total = first.count + second.count
        withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: 2) { buffers in
            buffers[0] = uv_buf_t(first)
            buffers[1] = uv_buf_t(second)
            let code = uv_try_write(stream, buffers.baseAddress, second.isEmpty ? 1 : 2)
            sent = code >= 0 ? Int(code) : code == UV_EAGAIN.rawValue ? 0 : -1
        }
        guard sent >= 0 else { return close() }
        guard sent < total else { return }
        let rest = UnsafeMutableRawBufferPointer.allocate(byteCount: total - sent, alignment: 1)
        let head = first.dropFirst(sent)
        rest.copyBytes(from: head)
        UnsafeMutableRawBufferPointer(rebasing: rest[head.count...])
            .copyBytes(from: second.dropFirst(max(0, sent - first.count)))
        queue(rest)
    }

    private func queue(_ bytes: UnsafeMutableRawBufferPointer) {
        let request = PendingWrite(connection: self, bytes: bytes)
        var buffer = uv_buf_t(UnsafeRawBufferPointer(bytes))
        request.raw.pointee.data = Unmanaged.passRetained(request).toOpaque()
        let code = uv_write(request.raw, stream, &buffer, 1) { raw, status in
            guard let data = raw?.pointee.data else { return }
            let request = Unmanaged<PendingWrite>.fromOpaque(data).takeRetainedValue()
            request.connection.wrote(status)
        }
        guard code == 0 else {
            Unmanaged.passUnretained(request).release()
            return close()
        }
    }

    private func wrote(_ status: Int32) {
        guard phase != .closed else { return }
        guard status == 0 else { return close() }
        flush()
        guard wantsDrain, queuedBytes <= server.configuration.writeHighWaterBytes / 2 else { return }
        wantsDrain = false
        exchange?.drained()
        upgraded?.onDrain?()
    }

    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    private static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func appendChunkSize(_ count: Int, to out: inout [UInt8]) {
        var shift = (Int.bitWidth - max(1, count).leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: count >> shift) & 15
            out.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
        ResponseHead.endLine(&out)
    }
}

/// Bytes on their way, kept until libuv has sent them.
private final class PendingWrite {
    let connection: HTTPConnection
    let bytes: UnsafeMutableRawBufferPointer
    let raw = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)

    init(connection: HTTPConnection, bytes: UnsafeMutableRawBufferPointer) {
        self.connection = connection
        self.bytes = bytes
    }

    deinit {
        bytes.deallocate()
        raw.deallocate()
    }
}

extension uv_buf_t {
    /// A view for writing; libuv does not change the bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(
            base: UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(
                to: CChar.self),
            len: bytes.count)
    }
}
