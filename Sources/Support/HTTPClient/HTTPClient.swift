import CCurl
import CUV
package import EventLoop

/// Outgoing HTTP on one loop: libcurl's multi interface over the loop's own sockets and timers.
///
/// Loop thread only. Follows no redirect, reads no proxy variable or netrc, keeps no cookies, decodes
/// nothing. A request whose old connection dies before a byte was answered goes out once more. Handlers run
/// from the loop and may call everything here.
package final class HTTPClient {
    /// Transfers that have not ended, those that wait for a connection included.
    package private(set) var transfersActive = 0

    /// The loop that it lives on.
    package let loop: EventLoop

    let configuration: HTTPClientConfiguration
    let multi: UnsafeMutableRawPointer
    /// By descriptor.
    var polls: [SocketPoll?] = []
    /// Whether libcurl's time has come.
    var isTimeoutDue = false
    /// Whether libcurl has run since its results were last read.
    var hasRun = false
    private(set) var hooks: LoopHooks?
    private var active: [EasyHandle] = []
    private var idle: [EasyHandle] = []
    private var starting: [EasyHandle] = []
    private var resuming: [HTTPTransfer] = []
    private var ending: [(transfer: HTTPTransfer, error: HTTPClientError)] = []
    private var sweeper: LoopTimer?
    private var isDriving = false
    private var isClosing = false

    /// How often deadlines are looked at.
    static let sweepMilliseconds: UInt64 = 50
    /// Easy handles kept for the next transfers.
    static let handlesIdleMax = 512
    /// Rounds of work in one turn of the loop.
    static let roundsMax = 16

    /// A client with no connection yet.
    package init(loop: EventLoop, configuration: HTTPClientConfiguration = .init()) throws(HTTPClientError) {
        try CurlLibrary.prepare()
        guard let multi = curl_multi_init() else { throw .other(code: 27, .init("libcurl is out of memory")) }
        self.multi = multi
        self.loop = loop
        self.configuration = configuration
        setUpMulti()
        // The hooks keep the client alive until `close()`.
        hooks = LoopHooks(
            loop: loop, onTurn: { self.drive() },
            onTimer: { self.isTimeoutDue = true })
    }

    /// Starts `request`; a failure to start is also told by `onComplete`, later.
    @discardableResult
    package func send(_ request: HTTPClientRequest, _ handlers: HTTPTransferHandlers) -> HTTPTransfer {
        let transfer = HTTPTransfer(client: self, handlers: handlers)
        transfersActive += 1
        guard !isClosing else {
            end(transfer, .closed(.init("the client is closed")))
            return transfer
        }
        guard transfersActive <= configuration.transfersMax else {
            end(transfer, .tooManyTransfers(.init("\(configuration.transfersMax) transfers under way")))
            return transfer
        }
        do throws(HTTPClientError) {
            let easy = try takeHandle()
            do throws(HTTPClientError) {
                try easy.load(request, bodyBytesMax: configuration.requestBodyBytesMax)
            } catch {
                idle.append(easy)
                throw error
            }
            easy.transfer = transfer
            transfer.easy = easy
            starting.append(easy)
        } catch {
            end(transfer, error)
        }
        return transfer
    }

    /// Ends all transfers with ``HTTPClientError/closed(_:)`` and closes all handles, in the next turn.
    package func close() { isClosing = true }

    /// Ends `transfer` with `error` in the next turn.
    func end(_ transfer: HTTPTransfer, _ error: HTTPClientError) {
        ending.append((transfer, error))
        // After the last turn there is no other: a timer of its own brings the answer.
        guard hooks == nil else { return }
        _ = LoopTimer(on: loop, after: 0) { self.endQueued() }
    }

    /// Lets the body of `transfer` flow again in the next turn.
    func resume(_ transfer: HTTPTransfer) {
        // At once: the silence until now was the reader's wish, also for a sweep in this very turn.
        transfer.easy?.touch()
        resuming.append(transfer)
    }

    /// Does what has been queued, until nothing is left or the turn has lasted long enough.
    private func drive() {
        guard !isDriving, hasWork else { return }
        isDriving = true
        defer { isDriving = false }
        var rounds = 0
        while hasWork, rounds < Self.roundsMax {
            rounds += 1
            if isClosing { return tearDown() }
            startQueued()
            resumeQueued()
            if isTimeoutDue {
                isTimeoutDue = false
                run(CURL_SOCKET_TIMEOUT, 0)
            }
            if hasRun { collect() }
            endQueued()
        }
        hooks?.setAwake(hasWork)
    }

    private var hasWork: Bool {
        hasRun || isTimeoutDue || isClosing || !starting.isEmpty || !resuming.isEmpty || !ending.isEmpty
    }

    /// Lets libcurl work on one socket, or on its timeouts.
    func run(_ socket: Int32, _ events: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, events, &running)
        hasRun = true
    }

    private func takeHandle() throws(HTTPClientError) -> EasyHandle {
        if let easy = idle.popLast() { return easy }
        let raw = loop.raw
        let easy = try EasyHandle(configuration, now: { uv_now(raw) })
        watchSockets(of: easy)
        return easy
    }
}

// The queues, one round.
extension HTTPClient {
    private func startQueued() {
        guard !starting.isEmpty else { return }
        let batch = starting
        starting.removeAll(keepingCapacity: true)
        for easy in batch {
            guard let transfer = easy.transfer else { continue }
            easy.index = active.count
            active.append(easy)
            let code = curl_multi_add_handle(multi, easy.raw)
            if code != CURLM_OK {
                end(transfer, .other(code: code.rawValue, .init("libcurl does not take the transfer")))
            }
        }
        guard sweeper == nil else { return }
        sweeper = LoopTimer(on: loop, after: Self.sweepMilliseconds, repeating: Self.sweepMilliseconds) {
            self.sweep()
        }
    }

    private func resumeQueued() {
        guard !resuming.isEmpty else { return }
        let batch = resuming
        resuming.removeAll(keepingCapacity: true)
        for transfer in batch where !transfer.isPaused && !transfer.isCancelled {
            guard let easy = transfer.easy, easy.isHoldingBack else { continue }
            easy.isHoldingBack = false
            // Hands over at once what libcurl held back; should that fail, a message says so.
            curl_easy_pause(easy.raw, CURLPAUSE_CONT)
            hasRun = true
        }
    }

    /// Reads libcurl's results.
    private func collect() {
        hasRun = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = ccurl_message_result(message)
            var pointer: UnsafeMutableRawPointer?
            ccurl_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &pointer)
            guard let pointer else { continue }
            let easy = Unmanaged<EasyHandle>.fromOpaque(pointer).takeUnretainedValue()
            finish(easy, code)
        }
    }

    private func finish(_ easy: EasyHandle, _ code: CURLcode) {
        guard let transfer = easy.transfer, !transfer.isCancelled else { return }
        if code == CURLE_OK { return complete(transfer, .success(())) }
        let isTransport = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING
        if isTransport, easy.attempts == 1, easy.progress == .sent, easy.usedOldConnection {
            curl_multi_remove_handle(multi, easy.raw)
            easy.prepareRetry()
            curl_multi_add_handle(multi, easy.raw)
            return
        }
        complete(transfer, .failure(HTTPClientError(code, on: easy)))
    }

    private func endQueued() {
        guard !ending.isEmpty else { return }
        let batch = ending
        ending.removeAll(keepingCapacity: true)
        for (transfer, error) in batch { complete(transfer, .failure(error)) }
    }

    /// Takes the easy handle back, then tells the caller, who may send again at once.
    private func complete(_ transfer: HTTPTransfer, _ result: Result<Void, HTTPClientError>) {
        guard transfer.client != nil else { return }
        transfersActive -= 1
        if let easy = transfer.easy {
            transfer.easy = nil
            release(easy)
        }
        transfer.complete(result)
    }

    private func release(_ easy: EasyHandle) {
        if easy.index < active.count, active[easy.index] === easy {
            curl_multi_remove_handle(multi, easy.raw)
            let last = active.removeLast()
            if last !== easy {
                active[easy.index] = last
                last.index = easy.index
            }
        } else {
            starting.removeAll { $0 === easy }
        }
        easy.unload()
        if idle.count < Self.handlesIdleMax { idle.append(easy) }
    }

    /// Ends what has waited too long.
    private func sweep() {
        guard !active.isEmpty else {
            sweeper?.cancel()
            sweeper = nil
            return
        }
        let now = loop.nowMilliseconds
        for easy in active {
            guard let transfer = easy.transfer, !transfer.isCancelled else { continue }
            if now >= easy.deadlineMilliseconds {
                end(transfer, .timeout(.total, .init("the whole transfer took too long", easy.progress)))
                continue
            }
            // While the reader pauses, silence is its own wish.
            guard easy.idleTimeoutMilliseconds > 0, !transfer.isPaused else { continue }
            guard now >= easy.lastByteMilliseconds + easy.idleTimeoutMilliseconds else { continue }
            guard !easy.hasSentMore() else {
                easy.touch()
                continue
            }
            let phase: HTTPClientError.Phase =
                easy.attempts == 0 ? .connect : easy.hasHead ? .idle : .firstByte
            end(
                transfer,
                .timeout(phase, .init("no byte for \(easy.idleTimeoutMilliseconds) ms", easy.progress)))
        }
    }

    private func tearDown() {
        for easy in starting + active {
            guard let transfer = easy.transfer else { continue }
            end(transfer, .closed(.init("the client is closed", easy.progress)))
        }
        while !ending.isEmpty { endQueued() }
        resuming = []
        idle = []
        curl_multi_cleanup(multi)
        for poll in polls { poll?.close() }
        polls = []
        sweeper?.cancel()
        sweeper = nil
        hooks?.close()
        hooks = nil
    }
}
