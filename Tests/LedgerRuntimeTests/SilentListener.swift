import Foundation
import Glibc

/// A unix socket that takes connections and never says a word.
final class SilentListener: Sendable {
    private let socket: Int32

    init(at path: String) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(socket, 4) == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    /// Waits until somebody has connected.
    func awaitConnection() {
        var awaited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while poll(&awaited, 1, -1) < 0, errno == EINTR {}
    }

    func close() { _ = Glibc.close(socket) }
}
