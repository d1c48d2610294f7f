import HTTP
import HTTPClient
import Synchronization
import Testing

@Suite("HTTPClient: TLS and HTTP/2")
struct HTTPClientTLSTests {
    @Test("a certificate that nobody vouches for is refused, and nothing was sent")
    func selfSigned() async throws {
        let server = try TLSServer(names: "IP:127.0.0.1")
        let client = try ClientHarness()
        let outcome = await client.send(HTTPClientRequest(url: server.url))
        guard case .tls(let detail)? = outcome.error else {
            Issue.record("\(String(describing: outcome.error))")
            return
        }
        #expect(detail.progress == .notSent)
        #expect(detail.reason.contains("self-signed") || detail.reason.contains("self signed"))
        client.close()
        server.stop()
    }

    @Test("a certificate for another name is refused")
    func wrongName() async throws {
        let server = try TLSServer(names: "DNS:elsewhere.test")
        let client = try ClientHarness { $0.caFile = server.certificate }
        let outcome = await client.send(HTTPClientRequest(url: server.url))
        guard case .tls? = outcome.error else {
            Issue.record("\(String(describing: outcome.error))")
            return
        }
        client.close()
        server.stop()
    }

    @Test("with its authority named, the same certificate serves")
    func trusted() async throws {
        let server = try TLSServer(names: "IP:127.0.0.1")
        let client = try ClientHarness { $0.caFile = server.certificate }
        for _ in 0..<3 {
            let outcome = await client.send(
                HTTPClientRequest(method: "POST", url: server.url, body: Array("over TLS".utf8)))
            #expect(outcome.text == "over TLS", "\(String(describing: outcome.error))")
        }
        let (head, body) = try BlockingHTTP.perform(
            HTTPClientRequest(method: "POST", url: server.url, body: [65]), bodyBytesMax: 10,
            configuration: {
                var c = HTTPClientConfiguration(); c.caFile = server.certificate; return c
            }())
        #expect(head.status == 200)
        #expect(body == [65])
        client.close()
        server.stop()
    }
}
