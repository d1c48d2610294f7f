import Foundation
import Glibc
import Synchronization
import Threads

/// A unix socket that passes PostgreSQL connections through, and cuts the first after so many of the server's
/// bytes.
final class CuttingRelay: Sendable {
    /// The directory to give libpq as its host.
    let directory: String
    private let listener: Int32
    private let limit: Int
    private let state = Lock(State())

    private struct State {
        var isCounting = false
        var passed = 0
        var hasCut = false
        var hasEnded = false
    }

    init(to server: String, afterBytes limit: Int) throws {
        self.limit = limit
        directory = NSTemporaryDirectory() + "ledger-relay-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try Self.withAddress(directory + "/.s.PGSQL.5432") { address, size in
            guard bind(listener, address, size) == 0, listen(listener, 4) == 0 else {
                throw POSIXError(.EADDRINUSE)
            }
        }
        let socketPath = server + "/.s.PGSQL.5432"
        Foundation.Thread { [self] in serve(socketPath) }.start()
    }

    /// Whether it closed the connection.
    var hasCut: Bool { state.withLock { $0.hasCut } }

    /// From now on the server's bytes count.
    func startCounting() { state.withLock { $0.isCounting = true } }

    /// Ends the relay.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        while !state.withLock({ $0.hasEnded }) { sched_yield() }
        close(listener)
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func serve(_ path: String) {
        defer { state.withLock { $0.hasEnded = true } }
        while true {
            let client = accept(listener, nil, nil)
            if client < 0, errno == EINTR { continue }
            guard client >= 0 else { return }
            relay(client, to: path)
            // Only the first connection is cut: who comes back is served to the end.
            state.withLock { $0.isCounting = false }
        }
    }

    private func relay(_ client: Int32, to path: String) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            Glibc.close(server)
            Glibc.close(client)
        }
        let connected = Self.withAddress(path) { Glibc.connect(server, $0, $1) }
        guard connected == 0 else { return }
        var polled = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            guard poll(&polled, 2, -1) > 0 else {
                if errno == EINTR { continue }
                return
            }
            if polled[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                guard count > 0, write(server, buffer, count) == count else { return }
            }
            if polled[1].revents != 0 {
                let count = read(server, &buffer, buffer.count)
                guard count > 0 else { return }
                let allowed = allow(count)
                guard allowed == 0 || write(client, buffer, allowed) == allowed, allowed == count else {
                    return
                }
            }
        }
    }

    /// How many of the server's next bytes may pass.
    private func allow(_ count: Int) -> Int {
        state.withLock { state in
            guard state.isCounting else { return count }
            let allowed = min(count, limit - state.passed)
            state.passed += allowed
            if allowed < count { state.hasCut = true }
            return allowed
        }
    }

    private static func withAddress<Answer>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Answer
    ) rethrows -> Answer {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
