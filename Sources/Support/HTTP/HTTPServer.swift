import CHTTPParser
import CUV
package import EventLoop

/// An HTTP/1.1 server on one loop.
///
/// Set up before the loop starts, or on its thread; from then on everything, the handler too, runs there.
// SAFETY: used on its loop's thread only, once that runs; other threads reach it with `EventLoop.post`.
package final class HTTPServer: @unchecked Sendable {
    /// The loop that owns every socket of this server.
    package let loop: EventLoop
    /// The limits.
    package let configuration: HTTPServerConfiguration
    /// Open connections, those that were refused and linger too.
    package var connectionsActive: Int { connections.count }
    /// Connections accepted since the start.
    package internal(set) var connectionsAccepted = 0
    /// Requests and connections turned away, by reason.
    package private(set) var requestsRefused: [RequestRefusal: Int] = [:]
    /// Connections cut because the client took no bytes.
    package internal(set) var writeStalls = 0
    /// Bytes of request bodies held now.
    package internal(set) var bodiesInFlightBytes = 0
    /// Sockets and hooks that libuv still holds; 0 once a drained server is gone.
    package internal(set) var handlesLive = 0
    /// Whether the server takes no new connections and is finishing the old ones.
    package internal(set) var isDraining = false

    let handler: (HTTPExchange) -> Void
    var connections: [HTTPConnection] = []
    var connectionsByAddress: [String: Int] = [:]
    var listeners: [HTTPListener] = []
    /// Connections with gathered bytes.
    var dirty: [HTTPConnection] = []
    var hooks: LoopHooks?
    var sweep: LoopTimer?
    var drainLimit: LoopTimer?
    var drained: (() -> Void)?
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    let headScratch = UnsafeMutablePointer<http_head>.allocate(capacity: 1)
    private(set) var dateField: [UInt8] = []
    private var dateSecond: UInt64 = .max
    private var buffers: [[UInt8]] = []

    /// Creates a server that does not listen yet.
    package init(
        loop: EventLoop, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        handler: @escaping (HTTPExchange) -> Void
    ) {
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
        headScratch.initialize(to: http_head())
        headScratch.pointee.fields = .allocate(capacity: configuration.headersMax)
        headScratch.pointee.fields_max = UInt32(configuration.headersMax)
    }

    deinit {
        headScratch.pointee.fields.deallocate()
        headScratch.deallocate()
        readBuffer.deallocate()
    }

    /// Listens on an address; port 0 takes a free one.
    ///
    /// - Returns: the port.
    /// - Throws: ``HTTPServerError`` when the address is not one, or taken.
    package func listen(host: String, port: Int) throws(HTTPServerError) -> Int {
        guard !isDraining else { throw .draining }
        startHooks()
        let listener = try HTTPListener(server: self, host: host, port: port)
        listeners.append(listener)
        return listener.port
    }

    /// Counts a request or connection that was turned away.
    func count(_ refusal: RequestRefusal) { requestsRefused[refusal, default: 0] += 1 }

    /// A socket or hook is gone.
    func handleClosed() {
        handlesLive -= 1
        guard handlesLive == 0, let drained else { return }
        self.drained = nil
        drained()
    }

    /// Sends what this loop iteration gathered.
    func flushDirty() {
        guard !dirty.isEmpty else { return }
        let all = dirty
        dirty.removeAll(keepingCapacity: true)
        for connection in all {
            connection.isDirty = false
            connection.flush()
        }
    }

    /// Lends an empty buffer for an answer.
    func takeBuffer() -> [UInt8] {
        if let buffer = buffers.popLast() { return buffer }
        var buffer: [UInt8] = []
        buffer.reserveCapacity(16 * 1024)
        return buffer
    }

    /// Takes a lent buffer back; a grown one is let go.
    func giveBuffer(_ buffer: inout [UInt8]) {
        guard buffers.count < 64, buffer.capacity <= 128 * 1024 else { return }
        var empty: [UInt8] = []
        swap(&empty, &buffer)
        empty.removeAll(keepingCapacity: true)
        buffers.append(empty)
    }

    private func startHooks() {
        guard hooks == nil else { return }
        hooks = LoopHooks(server: self)
        tellTime()
        let configuration = configuration
        let shortest = min(
            configuration.headTimeoutMilliseconds, configuration.bodyTimeoutMilliseconds,
            configuration.idleTimeoutMilliseconds, configuration.writeStallTimeoutMilliseconds,
            configuration.lingerTimeoutMilliseconds)
        let interval = min(500, max(10, shortest / 4))
        sweep = LoopTimer(on: loop, after: interval, repeating: interval) { [unowned self] in
            tellTime()
            let now = loop.nowMilliseconds
            for connection in connections { connection.checkDeadlines(now) }
        }
    }

    private func tellTime() {
        let second = loop.nowMilliseconds / 1000
        guard second != dateSecond else { return }
        dateSecond = second
        let date = [CChar](unsafeUninitializedCapacity: 29) { buffer, count in
            http_date(buffer.baseAddress)
            count = 29
        }
        dateField = Array("date: ".utf8) + date.map { UInt8(bitPattern: $0) } + Array("\r\n".utf8)
    }
}
