import CUV
import Glibc

/// An IPv4 or IPv6 address with a port.
struct SocketAddress {
    private var storage = sockaddr_storage()

    /// Reads an address in text; nil when it is none.
    init?(host: String, port: Int) {
        let parsed = withUnsafeMutablePointer(to: &storage) { storage in
            let raw = UnsafeMutableRawPointer(storage)
            return uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self)) == 0
                || uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self)) == 0
        }
        guard parsed else { return nil }
    }

    /// The other end of a connected socket; nil when it has gone already.
    init?(peerOf handle: UnsafeMutablePointer<uv_tcp_t>) {
        guard read({ uv_tcp_getpeername(handle, $0, $1) }) else { return nil }
    }

    /// This end of a bound socket.
    init?(localOf handle: UnsafeMutablePointer<uv_tcp_t>) {
        guard read({ uv_tcp_getsockname(handle, $0, $1) }) else { return nil }
    }

    /// The address in text.
    var host: String {
        withPointer { address in
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN) + 1)
            let raw = UnsafeRawPointer(address)
            let code =
                Int32(address.pointee.sa_family) == AF_INET6
                ? uv_ip6_name(raw.assumingMemoryBound(to: sockaddr_in6.self), &text, text.count)
                : uv_ip4_name(raw.assumingMemoryBound(to: sockaddr_in.self), &text, text.count)
            guard code == 0 else { return "" }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The port.
    var port: Int {
        // Both families have it in the same place.
        withPointer { address in
            let port = UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr_in.self).pointee
                .sin_port
            return Int(UInt16(bigEndian: port))
        }
    }

    /// Calls `body` with the address as the sockets API wants it.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        withUnsafePointer(to: storage) {
            body(UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self))
        }
    }

    private mutating func read(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
    ) -> Bool {
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            call(UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &length) == 0
        }
    }
}
