import CCurl
import CUV
import EventLoop

// libcurl's wishes for sockets and time, brought to the loop.
extension HTTPClient {
    /// Sets the limits and the callbacks; `self` outlives the multi handle.
    func setUpMulti() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHostMax)
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.connectionsIdleMax)
        ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, this)
        ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, this)
        ccurl_multi_set_socket(multi) { _, socket, what, this, _ in
            guard let this else { return 0 }
            Unmanaged<HTTPClient>.fromOpaque(this).takeUnretainedValue().watch(socket, what)
            return 0
        }
        ccurl_multi_set_timer(multi) { _, milliseconds, this in
            guard let this else { return 0 }
            Unmanaged<HTTPClient>.fromOpaque(this).takeUnretainedValue().setTimer(milliseconds)
            return 0
        }
    }

    /// Learns of each connection's socket from its first moment to its last.
    func watchSockets(of easy: EasyHandle) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(easy.raw, CURLOPT_SOCKOPTDATA, this)
        ccurl_set_pointer(easy.raw, CURLOPT_CLOSESOCKETDATA, this)
        ccurl_set_socket_opened(easy.raw) { this, socket, _ in
            guard let this else { return CURL_SOCKOPT_OK }
            Unmanaged<HTTPClient>.fromOpaque(this).takeUnretainedValue().opened(socket)
            return CURL_SOCKOPT_OK
        }
        ccurl_set_socket_close(easy.raw) { this, socket in
            guard let this else { return ccurl_close(socket) }
            Unmanaged<HTTPClient>.fromOpaque(this).takeUnretainedValue().forget(socket)
            return ccurl_close(socket)
        }
    }

    private func setTimer(_ milliseconds: Int) {
        // 0 means now: done in this turn, not by way of the timer.
        isTimeoutDue = milliseconds == 0
        hooks?.setTimer(milliseconds: milliseconds > 0 ? UInt64(milliseconds) : nil)
    }

    private func opened(_ socket: Int32) {
        _ = ccurl_close_on_exec(socket)
        forget(socket)
        place(makePoll(socket, isConnection: true))
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        let known = polls.indices.contains(Int(socket)) ? polls[Int(socket)] : nil
        guard what != CURL_POLL_REMOVE else {
            guard let known else { return }
            // Other sockets (the resolver's) are closed behind our back after this.
            if known.isConnection { known.rest() } else { forget(socket) }
            return
        }
        let poll = known ?? makePoll(socket, isConnection: false)
        if known == nil { place(poll) }
        var events: Int32 = 0
        if what & CURL_POLL_IN != 0 { events |= UV_READABLE.signed }
        if what & CURL_POLL_OUT != 0 { events |= UV_WRITABLE.signed }
        if !poll.want(events, on: loop.raw) { forget(socket) }
    }

    /// Ends the watch over a socket; libuv aborts when a watched descriptor disappears.
    private func forget(_ socket: Int32) {
        guard polls.indices.contains(Int(socket)) else { return }
        polls[Int(socket)]?.close()
        polls[Int(socket)] = nil
    }

    private func place(_ poll: SocketPoll) {
        let index = Int(poll.socket)
        while polls.count <= index { polls.append(nil) }
        polls[index] = poll
    }

    private func makePoll(_ socket: Int32, isConnection: Bool) -> SocketPoll {
        SocketPoll(socket: socket, isConnection: isConnection) { [unowned self] poll, events in
            var bits: Int32 = 0
            if events & UV_READABLE.signed != 0 { bits |= CURL_CSELECT_IN }
            if events & UV_WRITABLE.signed != 0 { bits |= CURL_CSELECT_OUT }
            run(poll.socket, bits)
        }
    }
}
