import CUV
import EventLoop

/// One listening socket.
final class HTTPListener {
    /// The bound port.
    let port: Int
    private let server: HTTPServer
    private let handle: UnsafeMutablePointer<uv_tcp_t>
    private static let backlog: Int32 = 1024

    init(server: HTTPServer, host: String, port: Int) throws(HTTPServerError) {
        guard (0...65535).contains(port) else { throw .badPort(port) }
        guard let address = SocketAddress(host: host, port: port) else { throw .badAddress(host) }
        let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        uv_tcp_init(server.loop.raw, handle)
        server.handlesLive += 1
        self.server = server
        self.handle = handle
        var code = address.withPointer { uv_tcp_bind(handle, $0, 0) }
        if code == 0 {
            code = uv_listen(
                UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self),
                HTTPListener.backlog
            ) { stream, status in
                guard status == 0, let stream, let data = stream.pointee.data else { return }
                let listener = Unmanaged<HTTPListener>.fromOpaque(data).takeUnretainedValue()
                listener.server.accept(from: stream)
            }
        }
        self.port = SocketAddress(localOf: handle)?.port ?? port
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        guard code == 0 else {
            close()
            throw .cannotListen(host: host, port: port, reason: String(cString: uv_strerror(code)))
        }
    }

    deinit { handle.deallocate() }

    /// Stops listening.
    func close() {
        uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { closed in
            guard let data = closed?.pointee.data else { return }
            let listener = Unmanaged<HTTPListener>.fromOpaque(data).takeRetainedValue()
            listener.server.handleClosed()
        }
    }
}
