import CPostgres
import Glibc

/// Waiting for the server, never without an end: a server or a line that is gone without a word may leave a
/// connection that accepts every byte and answers none.
extension PostgresConnection {
    /// Calls `send`, and waits for the last result of all that it asks for, or for the beginning of a COPY.
    ///
    /// - Throws: ``PostgresError/connectionLost(_:)`` when nothing was sent, or when the answer does not come
    ///   in time.
    func answer(to send: (OpaquePointer) -> CInt) throws(PostgresError) -> OpaquePointer? {
        try finishPending()
        guard send(raw) == 1 else { throw .connectionLost(connectionMessage()) }
        return try lastResult()
    }

    /// The last result of what was sent, or the one that begins a COPY; the caller clears it.
    func lastResult() throws(PostgresError) -> OpaquePointer? {
        var last: OpaquePointer?
        while true {
            do throws(PostgresError) { try waitForResult() } catch {
                PQclear(last)
                throw error
            }
            guard let next = PQgetResult(raw) else { return last }
            PQclear(last)
            last = next
            if PQresultStatus(next) == PGRES_COPY_IN { return next }
        }
    }

    /// Drops what an earlier request left behind.
    private func finishPending() throws(PostgresError) {
        while let rest = try lastResult() {
            let isCopy = PQresultStatus(rest) == PGRES_COPY_IN
            PQclear(rest)
            guard isCopy else { return }
            PQputCopyEnd(raw, "given up by the client")
        }
    }

    private func waitForResult() throws(PostgresError) {
        let began = ContinuousClock.now
        var end = options.answerTimeoutMilliseconds.map { began.advanced(by: .milliseconds($0)) }
        var isEnding = false
        while PQisBusy(raw) != 0 {
            if !isEnding, options.isEnding() {
                isEnding = true
                let grace = ContinuousClock.now.advanced(by: .milliseconds(Self.endingMilliseconds))
                end = min(end ?? grace, grace)
            }
            var awaited = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
            if poll(&awaited, 1, Self.sliceMilliseconds) > 0 {
                guard PQconsumeInput(raw) == 1 else { throw .connectionLost(connectionMessage()) }
            } else if let end, ContinuousClock.now >= end {
                // Whatever libpq still wants to say to this server must not wait for it either.
                shutdown(PQsocket(raw), Int32(SHUT_RDWR))
                let seconds = (ContinuousClock.now - began).components.seconds
                throw .connectionLost("the server has not answered for \(seconds) s")
            }
        }
    }

    private static let sliceMilliseconds: CInt = 200
    /// How long an answer is waited for once the program is to end.
    private static let endingMilliseconds = 2_000
}
