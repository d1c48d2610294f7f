import EventLoop
import Glibc
import HTTPClient
import Synchronization
import TestSupport
import Testing

@Suite("HTTPClient: time, pausing, ending")
struct HTTPClientFlowTests {
    @Test("silence ends a transfer before and after the head, by the idle limit")
    func idle() async throws {
        let peer = ScriptedPeer { connection in
            guard let request = connection.request() else { return }
            if request.contains("/started") {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")
            }
            connection.awaitClose()
        }
        let client = try ClientHarness()
        let silent = await client.send(HTTPClientRequest(url: peer.url(), idleTimeoutMilliseconds: 150))
        guard case .timeout(.firstByte, let first)? = silent.error else {
            Issue.record("\(String(describing: silent.error))")
            return
        }
        #expect(first.progress == .sent)
        let started = await client.send(
            HTTPClientRequest(url: peer.url("/started"), idleTimeoutMilliseconds: 150))
        guard case .timeout(.idle, let second)? = started.error else {
            Issue.record("\(String(describing: started.error))")
            return
        }
        #expect(second.progress == .answered)
        #expect(started.text == "1234")
        client.close()
        peer.stop()
    }

    @Test("a steady drip satisfies the idle limit but not the total one")
    func total() async throws {
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while connection.send("1\r\nx\r\n") { connection.pace(milliseconds: 20) }
        }
        let client = try ClientHarness()
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = await client.send(
            HTTPClientRequest(
                url: peer.url(), idleTimeoutMilliseconds: 200, totalTimeoutMilliseconds: 700))
        let lasted = clock.now - start
        guard case .timeout(.total, _)? = outcome.error else {
            Issue.record("\(String(describing: outcome.error))")
            return
        }
        #expect(lasted >= .milliseconds(690))
        #expect(outcome.body.count > 5)
        client.close()
        peer.stop()
    }

    @Test("cancelled in mid-body: no more bytes, one completion, the peer sees the end")
    func cancel() async throws {
        let isClosed = PeerGate(count: 2)
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while connection.send("5\r\nhello\r\n") {}
            isClosed.arrive()
        }
        let client = try ClientHarness()
        let result: (pieces: Int, completions: Int, error: HTTPClientError?) = await client.onClient {
            client, done in
            let transfer = LoopBox<HTTPTransfer?>(nil)
            let pieces = LoopBox(0)
            let completions = LoopBox(0)
            transfer.value = client.send(
                HTTPClientRequest(url: peer.url()),
                HTTPTransferHandlers(
                    onHead: { _ in },
                    onBody: { _ in
                        pieces.value += 1
                        transfer.value?.cancel()
                        transfer.value?.cancel()
                        return .proceed
                    },
                    onComplete: { result in
                        completions.value += 1
                        transfer.value?.cancel()
                        transfer.value = nil
                        if case .failure(let error) = result {
                            done((pieces.value, completions.value, error))
                        } else {
                            done((pieces.value, completions.value, nil))
                        }
                    }))
        }
        isClosed.arrive()
        #expect(result.pieces == 1)
        #expect(result.completions == 1)
        #expect(result.error == .cancelled(.init("cancelled by the caller", .answered)))
        client.close()
        peer.stop()
    }

    @Test("a paused reader of 300 MB costs neither memory nor bytes, and gets all of them in the end")
    func pause() async throws {
        let size = 300 << 20
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<300 { guard connection.send(piece) else { return } }
        }
        let client = try ClientHarness()
        // The pause outlasts the idle limit, which is long enough for a busy machine's peer to send in.
        // The peer is stuck: what it could send in the pause is what the kernel's buffers hold.
        let whilePaused = LoopBox(0)
        let received: Int = await client.onClient { client, done in
            let total = LoopBox(0)
            let transfer = LoopBox<HTTPTransfer?>(nil)
            transfer.value = client.send(
                HTTPClientRequest(url: peer.url(), idleTimeoutMilliseconds: 12_000),
                HTTPTransferHandlers(
                    onHead: { _ in },
                    onBody: { bytes in
                        let isFirst = total.value == 0
                        total.value += bytes.count
                        guard isFirst else { return .proceed }
                        _ = LoopTimer(on: client.loop, after: 12_500) {
                            whilePaused.value = peer.sent.load(ordering: .relaxed)
                            transfer.value?.resume()
                        }
                        return .pause
                    },
                    onComplete: { result in
                        transfer.value = nil
                        if case .failure(let error) = result { Issue.record("\(error)") }
                        done(total.value)
                    }))
        }
        #expect(received == size)
        #expect(whilePaused.value < 16 << 20)
        client.close()
        peer.stop()
    }

    @Test("a reader that goes on in the turn in which silence is looked for has not been silent")
    func resumeBeforeSweep() async throws {
        let hasResumed = PeerGate(count: 2)
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
            hasResumed.arrive()
            // The answer must not be there by the time of the sweep.
            connection.pace(milliseconds: 100)
            connection.send("b")
        }
        let client = try ClientHarness()
        let received: Int = await client.onClient { client, done in
            let total = LoopBox(0)
            let transfer = LoopBox<HTTPTransfer?>(nil)
            transfer.value = client.send(
                HTTPClientRequest(url: peer.url(), idleTimeoutMilliseconds: 12_000),
                HTTPTransferHandlers(
                    onHead: { _ in },
                    onBody: { bytes in
                        total.value += bytes.count
                        guard total.value == 1 else { return .proceed }
                        // Held up for a while, the loop finds the second timer and the next sweep due
                        // together. The first makes it: two that are due at once have one time.
                        _ = LoopTimer(on: client.loop, after: 10) {
                            usleep(12_500_000)
                            _ = LoopTimer(on: client.loop, after: 1) {
                                transfer.value?.resume()
                                hasResumed.arrive()
                            }
                        }
                        return .pause
                    },
                    onComplete: { result in
                        transfer.value = nil
                        if case .failure(let error) = result { Issue.record("\(error)") }
                        done(total.value)
                    }))
        }
        #expect(received == 2)
        client.close()
        peer.stop()
    }

    @Test("pausing at every piece and resuming from within keeps the order")
    func pauseEachPiece() async throws {
        let text = (0..<20_000).map { "\($0)," }.joined()
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            connection.awaitClose()
        }
        let client = try ClientHarness()
        let received: String = await client.onClient { client, done in
            let body = LoopBox<[UInt8]>([])
            let transfer = LoopBox<HTTPTransfer?>(nil)
            let count = LoopBox(0)
            transfer.value = client.send(
                HTTPClientRequest(url: peer.url()),
                HTTPTransferHandlers(
                    onHead: { _ in },
                    onBody: { bytes in
                        body.value.append(contentsOf: bytes)
                        count.value += 1
                        // Every second piece resumes before it has even paused, the others a turn later.
                        if count.value.isMultiple(of: 2) {
                            _ = LoopTimer(on: client.loop, after: 0) { transfer.value?.resume() }
                            return .pause
                        }
                        transfer.value?.resume()
                        return .proceed
                    },
                    onComplete: { _ in
                        transfer.value = nil
                        done(String(decoding: body.value, as: UTF8.self))
                    }))
        }
        #expect(received == text)
        client.close()
        peer.stop()
    }

    @Test("closing ends what is under way, once, and leaves the loop nothing to wait for")
    func closing() async throws {
        let peer = ScriptedPeer { connection in
            _ = connection.request()
            connection.awaitClose()
        }
        let client = try ClientHarness()
        let ended: [HTTPClientError] = await client.onClient { client, done in
            let errors = LoopBox<[HTTPClientError]>([])
            for _ in 0..<10 {
                client.send(
                    HTTPClientRequest(url: peer.url()),
                    HTTPTransferHandlers(
                        onHead: { _ in }, onBody: { _ in .proceed },
                        onComplete: { result in
                            if case .failure(let error) = result { errors.value.append(error) }
                            if errors.value.count == 11 { done(errors.value) }
                            guard errors.value.count == 1 else { return }
                            // A request made while the client closes ends the same way.
                            client.send(
                                HTTPClientRequest(url: peer.url()),
                                HTTPTransferHandlers(
                                    onHead: { _ in }, onBody: { _ in .proceed },
                                    onComplete: { result in
                                        if case .failure(let error) = result { errors.value.append(error) }
                                        if errors.value.count == 11 { done(errors.value) }
                                    }))
                        }))
            }
            _ = LoopTimer(on: client.loop, after: 50) { client.close() }
        }
        #expect(ended.count == 11)
        #expect(ended.allSatisfy { if case .closed = $0 { true } else { false } })
        client.close()
        peer.stop()
    }
}
