import CCurl
import HTTP

/// One libcurl easy handle with the buffers that it reads from, used for one transfer after another.
///
/// The options that never change are set once; a transfer sets only its own.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    /// Where libcurl writes what went wrong.
    private let message: UnsafeMutablePointer<CChar>
    private var fields = RequestFields()
    private var body: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
    private var url = ""
    private var method = "GET"
    private var methodHasBody = false
    private var unixSocketPath: String?
    private let allowsHTTP2: Bool
    private var offersHTTP2 = false

    private(set) var parser: ResponseHeadParser
    /// The request that it carries now.
    var transfer: HTTPTransfer?
    /// Its place among the client's active handles.
    var index = 0
    /// Requests that went to a connection.
    var attempts = 0
    /// Whether libcurl holds a piece of the body back.
    var isHoldingBack = false
    /// Whether our own second try has been used.
    var hasRetried = false
    /// What the head breaks, when it was refused.
    private(set) var violation: String?
    var idleTimeoutMilliseconds: UInt64 = 0
    var deadlineMilliseconds: UInt64 = .max
    var lastByteMilliseconds: UInt64 = 0
    var hasHead = false
    private var bytesSent: Int64 = 0
    /// The loop's time, read when bytes come.
    private let now: () -> UInt64

    /// Bytes of a body's buffer that are kept for the next transfer.
    static let bodyKeptBytesMax = 65_536

    init(_ configuration: HTTPClientConfiguration, now: @escaping () -> UInt64) throws(HTTPClientError) {
        try CurlLibrary.prepare()
        guard let raw = curl_easy_init() else { throw .other(code: 27, .init("libcurl is out of memory")) }
        self.raw = raw
        self.now = now
        allowsHTTP2 = configuration.allowHTTP2
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        parser = ResponseHeadParser(
            fieldsMax: configuration.headerFieldsMax, bytesMax: configuration.headBytesMax)
        setConstantOptions(configuration)
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(raw)
        body.deallocate()
        message.deallocate()
    }

    /// Takes over everything of `request`; nothing in it is referred to afterwards.
    func load(_ request: HTTPClientRequest, bodyBytesMax: Int) throws(HTTPClientError) {
        guard request.body.count <= bodyBytesMax else {
            throw .badRequest(.init("request body longer than \(bodyBytesMax) bytes"))
        }
        let hasBody = !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        try fields.fill(request.headers, hasBody: hasBody)
        try setURL(request.url)
        try setMethod(request.method, hasBody: hasBody)
        ccurl_set_pointer(raw, CURLOPT_HTTPHEADER, fields.list())
        copyBody(request.body, hasBody: hasBody)
        if unixSocketPath != request.unixSocketPath {
            unixSocketPath = request.unixSocketPath
            ccurl_set_string(raw, CURLOPT_UNIX_SOCKET_PATH, request.unixSocketPath)
        }
        let time = now()
        idleTimeoutMilliseconds = UInt64(max(0, request.idleTimeoutMilliseconds))
        let total = UInt64(max(0, request.totalTimeoutMilliseconds))
        deadlineMilliseconds = total == 0 ? .max : time + total
        lastByteMilliseconds = time
        message[0] = 0
    }

    /// Makes it fit for another transfer.
    func unload() {
        transfer = nil
        parser.reset()
        attempts = 0
        isHoldingBack = false
        hasHead = false
        violation = nil
        bytesSent = 0
        if hasRetried {
            hasRetried = false
            ccurl_set_long(raw, CURLOPT_FRESH_CONNECT, 0)
        }
        guard body.count > Self.bodyKeptBytesMax else { return }
        body.deallocate()
        body = .init(start: nil, count: 0)
    }

    /// Demands a new connection for the second try.
    func prepareRetry() {
        hasRetried = true
        ccurl_set_long(raw, CURLOPT_FRESH_CONNECT, 1)
    }

    /// What libcurl says about a failure.
    var failureText: String { String(cString: message) }

    /// How far the transfer has come.
    var progress: HTTPClientError.Progress {
        parser.hasBegun ? .answered : attempts > 0 ? .sent : .notSent
    }

    /// Whether the request went to a connection that had served before.
    var usedOldConnection: Bool {
        var opened = 0
        ccurl_get_long(raw, CURLINFO_NUM_CONNECTS, &opened)
        return opened == 0
    }

    /// Whether bytes of the request have left since the last look.
    func hasSentMore() -> Bool {
        var sent: curl_off_t = 0
        ccurl_get_size(raw, CURLINFO_SIZE_UPLOAD_T, &sent)
        defer { bytesSent = Int64(sent) }
        return Int64(sent) > bytesSent
    }

    /// Gives the idle clock a new start.
    func touch() { lastByteMilliseconds = now() }

    /// Ends the transfer from inside one of its handlers.
    func refuse(_ reason: String) { violation = reason }

    /// Leaves the limits of time to libcurl, whose idle one counts in seconds.
    func setBlockingTimeouts(_ request: HTTPClientRequest) {
        ccurl_set_long(raw, CURLOPT_TIMEOUT_MS, max(0, request.totalTimeoutMilliseconds))
        guard request.idleTimeoutMilliseconds > 0 else { return }
        ccurl_set_long(raw, CURLOPT_LOW_SPEED_LIMIT, 1)
        ccurl_set_long(raw, CURLOPT_LOW_SPEED_TIME, (request.idleTimeoutMilliseconds + 999) / 1000)
    }

    private func setURL(_ new: String) throws(HTTPClientError) {
        guard new != url else { return }
        guard new.utf8.count <= 65_536, new.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw .badURL(.init("the URL is too long or has a space or control character"))
        }
        guard ccurl_set_string(raw, CURLOPT_URL, new) == CURLE_OK else {
            throw .badURL(.init("libcurl refuses the URL"))
        }
        url = new
        offerHTTP2(allowsHTTP2 && new.prefix(6).lowercased() == "https:")
    }

    /// Offers HTTP/2, and lets a connection being made say whether it multiplexes before another is opened.
    ///
    /// Not to plain http: there libcurl would hold every other transfer back until the first answer begins.
    private func offerHTTP2(_ offer: Bool) {
        guard offer != offersHTTP2 else { return }
        offersHTTP2 = offer
        let version = offer ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        ccurl_set_long(raw, CURLOPT_HTTP_VERSION, version)
        ccurl_set_long(raw, CURLOPT_PIPEWAIT, offer ? 1 : 0)
    }

    private func setMethod(_ new: String, hasBody: Bool) throws(HTTPClientError) {
        guard new != method || hasBody != methodHasBody else { return }
        guard !new.isEmpty, new.utf8.count <= 32, new.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw .badRequest(.init("the method is not a token"))
        }
        let isHead = new == "HEAD" && !hasBody
        ccurl_set_long(raw, hasBody ? CURLOPT_POST : CURLOPT_HTTPGET, 1)
        if isHead { ccurl_set_long(raw, CURLOPT_NOBODY, 1) }
        let isPlain = isHead || new == (hasBody ? "POST" : "GET")
        ccurl_set_string(raw, CURLOPT_CUSTOMREQUEST, isPlain ? nil : new)
        method = new
        methodHasBody = hasBody
    }

    private func copyBody(_ bytes: [UInt8], hasBody: Bool) {
        guard hasBody else { return }
        if body.count < bytes.count || body.baseAddress == nil {
            body.deallocate()
            body = .allocate(byteCount: max(bytes.count, 4096), alignment: 16)
        }
        body.copyBytes(from: bytes)
        ccurl_set_size(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        ccurl_set_pointer(raw, CURLOPT_POSTFIELDS, body.baseAddress)
    }

    private func setConstantOptions(_ configuration: HTTPClientConfiguration) {
        ccurl_set_pointer(raw, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        ccurl_set_pointer(raw, CURLOPT_ERRORBUFFER, message)
        ccurl_set_string(raw, CURLOPT_PROTOCOLS_STR, "http,https")
        // Set empty, not left out: otherwise http_proxy and its kin would decide.
        ccurl_set_string(raw, CURLOPT_PROXY, "")
        ccurl_set_string(raw, CURLOPT_NOPROXY, "*")
        ccurl_set_long(raw, CURLOPT_NETRC, 0)
        ccurl_set_long(raw, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_long(raw, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_long(raw, CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        ccurl_set_long(raw, CURLOPT_HTTP_CONTENT_DECODING, 0)
        ccurl_set_long(raw, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(raw, CURLOPT_NOPROGRESS, 1)
        ccurl_set_long(raw, CURLOPT_TCP_NODELAY, 1)
        // A line that went dead while nobody sends shows only so.
        ccurl_set_long(raw, CURLOPT_TCP_KEEPALIVE, 1)
        // A name that is still being looked up when its transfer ends is left to its own thread: the loop
        // would wait for the system's resolver.
        ccurl_set_long(raw, CURLOPT_QUICK_EXIT, 1)
        ccurl_set_long(raw, CURLOPT_MAXAGE_CONN, max(1, configuration.connectionIdleSecondsMax))
        ccurl_set_long(raw, CURLOPT_CONNECTTIMEOUT_MS, max(1, configuration.connectTimeoutMilliseconds))
        ccurl_set_long(raw, CURLOPT_SSL_VERIFYPEER, 1)
        ccurl_set_long(raw, CURLOPT_SSL_VERIFYHOST, 2)
        ccurl_set_long(raw, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let file = configuration.caFile {
            ccurl_set_string(raw, CURLOPT_CAINFO, file)
            ccurl_set_string(raw, CURLOPT_CAPATH, nil)
        }
        ccurl_set_long(raw, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    }
}

extension EasyHandle {
    /// libcurl calls these with this handle, which outlives its `raw`.
    private func setCallbacks() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(raw, CURLOPT_HEADERDATA, this)
        ccurl_set_pointer(raw, CURLOPT_WRITEDATA, this)
        ccurl_set_pointer(raw, CURLOPT_PREREQDATA, this)
        ccurl_set_write(raw, CURLOPT_HEADERFUNCTION) { bytes, _, count, this in
            guard let this else { return 0 }
            let line = UnsafeRawBufferPointer(start: bytes, count: count)
            return Unmanaged<EasyHandle>.fromOpaque(this).takeUnretainedValue().receive(headerLine: line)
        }
        ccurl_set_write(raw, CURLOPT_WRITEFUNCTION) { bytes, _, count, this in
            guard let this else { return 0 }
            let piece = UnsafeRawBufferPointer(start: bytes, count: count)
            return Unmanaged<EasyHandle>.fromOpaque(this).takeUnretainedValue().receive(body: piece)
        }
        ccurl_set_prerequest(raw) { this, _, _, _, _ in
            guard let this else { return CURL_PREREQFUNC_ABORT }
            return Unmanaged<EasyHandle>.fromOpaque(this).takeUnretainedValue().begin()
        }
    }

    /// Counts the request's journeys.
    ///
    /// libcurl itself tries again when an old connection dies without an answer, and would do so five times.
    private func begin() -> Int32 {
        attempts += 1
        guard attempts <= 2 else { return CURL_PREREQFUNC_ABORT }
        if attempts == 2 { hasRetried = true }
        lastByteMilliseconds = now()
        return CURL_PREREQFUNC_OK
    }

    private func receive(headerLine line: UnsafeRawBufferPointer) -> Int {
        guard let transfer, !transfer.isCancelled else { return 0 }
        lastByteMilliseconds = now()
        switch parser.feed(line) {
        case .more: return line.count
        case .head(let head):
            hasHead = true
            transfer.deliver(head)
            return line.count
        case .refused(let reason):
            violation = reason
            // Anything but the count makes libcurl end the transfer, also when the line is empty.
            return line.count + 1
        }
    }

    private func receive(body piece: UnsafeRawBufferPointer) -> Int {
        guard let transfer, !transfer.isCancelled else { return piece.count + 1 }
        lastByteMilliseconds = now()
        if transfer.isPaused {
            isHoldingBack = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        transfer.deliver(piece)
        return violation == nil ? piece.count : piece.count + 1
    }
}
