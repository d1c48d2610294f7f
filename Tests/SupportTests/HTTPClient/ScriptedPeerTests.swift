import Glibc
import TestSupport
import Testing

@Suite("ScriptedPeer")
struct ScriptedPeerTests {
    @Test("Stopped twice, it leaves alone whoever has its descriptor by now")
    func stoppedTwice() throws {
        for _ in 0..<20 {
            let first = ScriptedPeer { $0.awaitClose() }
            first.stop()
            // Its thread closes the listener; the next one gets the same number.
            while !first.isClosed { sched_yield() }
            let second = ScriptedPeer { connection in
                while connection.request() != nil { connection.send("HTTP/1.1 204 No Content\r\n\r\n") }
            }
            defer { second.stop() }
            first.stop()
            let client = try RawClient(port: Int(second.port))
            client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 204 No Content\r\n\r\n")
        }
    }
}
