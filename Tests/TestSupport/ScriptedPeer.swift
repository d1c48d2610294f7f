import Glibc
package import Synchronization
package import Threads

/// A server of the tests' own on a loopback socket: a script decides every byte, a thread a connection.
// SAFETY: the listening descriptor is set once; everything that changes is behind a Lock.
package final class ScriptedPeer: @unchecked Sendable {
    /// One accepted connection, used by its own thread.
    package final class Connection {
        package let socket: Int32
        /// Counted from 1 in the order of acceptance.
        package let number: Int
        private unowned let peer: ScriptedPeer
        private var buffer: [UInt8] = []

        init(socket: Int32, number: Int, peer: ScriptedPeer) {
            self.socket = socket
            self.number = number
            self.peer = peer
        }

        /// Reads one request with its body; nil when the client has gone.
        package func request() -> String? {
            while true {
                if let end = headEnd() {
                    let head = String(decoding: buffer[..<end], as: UTF8.self)
                    let length = Self.contentLength(head)
                    while buffer.count < end + length { guard fill() else { return nil } }
                    let text = String(decoding: buffer[..<(end + length)], as: UTF8.self)
                    buffer.removeFirst(end + length)
                    peer.state.withLock { $0.requests.append(text) }
                    return text
                }
                guard fill() else { return nil }
            }
        }

        /// Sends everything; false when the client has gone.
        @discardableResult
        package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        /// Sends everything; false when the client has gone.
        @discardableResult
        package func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes { all in
                    all.baseAddress.map {
                        Glibc.send(socket, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                    } ?? -1
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
                peer.sent.add(count, ordering: .relaxed)
            }
            return true
        }

        /// Waits until the client closes, without a limit but the client's own.
        package func awaitClose() { while fill() {} }

        /// Spaces out what is sent.
        package func pace(milliseconds: UInt32) { usleep(milliseconds * 1000) }

        /// Makes the next close a reset.
        package func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }

        private func fill() -> Bool {
            var piece = [UInt8](repeating: 0, count: 65_536)
            var count: Int
            repeat { count = recv(socket, &piece, piece.count, 0) } while count < 0 && errno == EINTR
            guard count > 0 else { return false }
            buffer.append(contentsOf: piece[..<count])
            return true
        }

        private func headEnd() -> Int? {
            guard buffer.count >= 4 else { return nil }
            for end in 4...buffer.count where buffer[(end - 4)..<end].elementsEqual([13, 10, 13, 10]) {
                return end
            }
            return nil
        }

        private static func contentLength(_ head: String) -> Int {
            for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
                return Int(line.dropFirst(15).drop(while: { $0 == " " })) ?? 0
            }
            return 0
        }
    }

    package struct State {
        package var requests: [String] = []
        package var connections = 0
        package var isStopped = false
        package var isClosed = false
    }

    package let state = Lock(State())
    /// Bytes sent on all connections.
    package let sent = Atomic<Int>(0)
    package let port: UInt16
    package let unixPath: String?
    private let listener: Int32

    /// Listens on a free port of loopback, or on a socket file, and runs `script` for each connection.
    package init(unixPath: String? = nil, _ script: @escaping @Sendable (Connection) -> Void) {
        self.unixPath = unixPath
        let stream = Int32(SOCK_STREAM.rawValue)
        let listener: Int32
        if let unixPath {
            listener = socket(AF_UNIX, stream, 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unlink(unixPath)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: unixPath.utf8) }
            Self.bind(listener, &address)
        } else {
            listener = socket(AF_INET, stream, 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            Self.bind(listener, &address)
        }
        self.listener = listener
        port = unixPath == nil ? Self.port(of: listener) : 0
        listen(listener, 512)
        PeerThread.start { self.accept(script) }
    }

    private static func port(of listener: Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(listener, $0, &length)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A URL on this peer.
    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    package var requests: [String] { state.withLock { $0.requests } }
    package var connections: Int { state.withLock { $0.connections } }
    /// Whether its listening socket is closed.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Stops accepting; a second time it does nothing.
    package func stop() {
        state.withLock {
            // Once stopped the descriptor's number may be another test's.
            guard !$0.isStopped else { return }
            $0.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
        }
        if let unixPath { unlink(unixPath) }
    }

    private func accept(_ script: @escaping @Sendable (Connection) -> Void) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            // A signal that another test sends is no end, nor is a moment without a free descriptor.
            if socket < 0, [EINTR, EMFILE, ENFILE, ECONNABORTED].contains(errno) {
                usleep(1000)
                continue
            }
            guard socket >= 0 else { break }
            var on: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            let number = state.withLock {
                $0.connections += 1
                return $0.connections
            }
            PeerThread.start {
                script(Connection(socket: socket, number: number, peer: self))
                Glibc.close(socket)
            }
        }
        state.withLock {
            $0.isStopped = true
            $0.isClosed = true
            Glibc.close(listener)
        }
    }

    private static func bind<Address>(_ listener: Int32, _ address: inout Address) {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.bind(listener, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}

/// A detached thread.
package enum PeerThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    package static func start(_ run: @escaping @Sendable () -> Void) {
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(run)).toOpaque())
        precondition(code == 0, "no thread could be started: error \(code)")
        pthread_detach(id)
    }
}

/// Holds threads until `count` of them have come.
// SAFETY: the count is changed under the mutex only.
package final class PeerGate: @unchecked Sendable {
    private var missing: Int
    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()

    package init(count: Int) {
        missing = count
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
    }

    package func arrive() {
        pthread_mutex_lock(&mutex)
        missing -= 1
        if missing <= 0 { pthread_cond_broadcast(&condition) }
        while missing > 0 { pthread_cond_wait(&condition, &mutex) }
        pthread_mutex_unlock(&mutex)
    }
}
