import Glibc

/// A blocking socket that sends exactly the bytes it is told to.
package struct RawClient: ~Copyable {
    private let descriptor: Int32

    /// Connects to a port on loopback; every later wait ends after ten seconds.
    package init(port: Int, receiveBufferBytes: Int32 = 0) throws {
        // Nothing is owned before the connection stands: a throw from here on would close it twice.
        descriptor = try Self.connected(to: port, receiveBufferBytes: receiveBufferBytes)
    }

    deinit { close(descriptor) }

    private static func connected(to port: Int, receiveBufferBytes: Int32) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if receiveBufferBytes > 0 {
            var bytes = receiveBufferBytes
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            connect(
                descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard code == 0 else {
            let code = errno
            close(descriptor)
            throw RawClientError.notConnected(errno: code)
        }
        return descriptor
    }

    /// Sends text; false when the server has cut the connection.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends bytes; false when the server has cut the connection.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            // A child process that ends interrupts whichever thread waits with a limit.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends this side; the server may go on sending.
    package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the close a reset.
    package func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    /// Receives what is there, at most `count` bytes; empty at the end.
    ///
    /// - Throws: when the connection was reset or ten seconds passed.
    package func receive(atMost count: Int = 65_536) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        var received: Int
        repeat { received = recv(descriptor, &buffer, count, 0) } while received < 0 && errno == EINTR
        guard received >= 0 else { throw RawClientError.notReceived(errno: errno) }
        return Array(buffer[..<received])
    }

    /// Receives to the end of the connection.
    package func receiveAll() throws -> String { String(decoding: try receiveAllBytes(), as: UTF8.self) }

    /// Receives to the end of the connection.
    package func receiveAllBytes() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try receive()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    /// Receives until the text so far ends with `mark`.
    package func receive(until mark: String) throws -> String {
        var all: [UInt8] = []
        let mark = Array(mark.utf8)
        while !all.suffix(mark.count).elementsEqual(mark) {
            let bytes = try receive(atMost: 1)
            guard !bytes.isEmpty else { throw RawClientError.ended(String(decoding: all, as: UTF8.self)) }
            all += bytes
        }
        return String(decoding: all, as: UTF8.self)
    }
}

/// Why a raw client has no answer.
package enum RawClientError: Error {
    case notConnected(errno: Int32)
    case notReceived(errno: Int32)
    case ended(String)
}
