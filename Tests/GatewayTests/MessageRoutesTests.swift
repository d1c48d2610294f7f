import Foundation
import Testing
import Threads

@testable import Gateway

@Suite("MessageRoutes")
struct MessageRoutesTests {
    @Test("A message is run and answered with what is recorded of it", arguments: Transport.allCases)
    func message(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used, text: "the answer"))
        let answer = try gateway.message("hello", fields: #","sessionId":"s-1","model":"claude-sonnet-4-5""#)
        #expect(answer.status == 200)
        for member in [
            #""result":"ok""#, #""sessionId":"s-1""#, #""costUsd":0.006"#, #""tokensIn":1000"#,
            #""tokensOut":200"#, #""text":"the answer""#, #""billing":"direct""#,
        ] { #expect(answer.text.contains(member), "\(member) is missing in \(answer.text)") }
        let task = gateway.kernel.runs[0].task
        #expect(task.text == "hello")
        #expect(task.user.text == "ann")
        #expect(task.model == "claude-sonnet-4-5")
        #expect(task.sessionID == "s-1")
        #expect(task.key == (try GatewayRoutesFixture.key("ann")))
    }

    @Test(
        "What is no message is refused with what is wrong, and nothing runs",
        arguments: [
            ("", "JSON"), ("[]", "object"), ("{}", "text"), (#"{"text":""}"#, "text"),
            (#"{"text":7}"#, "text"),
            (#"{"text":"x","source":"a b"}"#, "source"), (#"{"text":"x","sessionId":""}"#, "sessionId"),
            (#"{"text":"x","txet":"y"}"#, "txet"), (#"{"text":"x","model":[]}"#, "model"),
            (#"{"text":"x","user":"bob"}"#, "own user"),
        ])
    func refused(_ body: String, _ word: String) throws {
        for transport in Transport.allCases {
            let gateway = try GatewayFixture(transport)
            defer { gateway.stop() }
            let answer = try gateway.routes.send(
                "POST", "/api/message", try GatewayRoutesFixture.asUser("ann"), body)
            #expect(answer.status == 400)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.text.contains(word), "\(word) is missing in \(answer.text)")
            #expect(gateway.kernel.runs.isEmpty)
        }
    }

    @Test("A client that leaves takes its run back")
    func disconnect() throws {
        let gateway = try GatewayFixture()
        defer { gateway.stop() }
        do {
            let client = try gateway.routes.open()
            let key = try GatewayRoutesFixture.key("ann")
            let body = #"{"text":"hello"}"#
            client.send(
                "POST /api/message HTTP/1.1\r\nhost: here\r\nx-api-key: \(key)\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
            gateway.waitStarted(1)
        }
        let bell = gateway.ledger.subscribe()
        for _ in 0..<2_000 {
            if try !gateway.completions().isEmpty { break }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        #expect(try gateway.completions().map(\.result) == [.aborted])
    }

    @Test("Each message of a batch has its own end", arguments: Transport.allCases)
    func batch(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport) {
            $0.concurrency = 1
            $0.queueMax = 1
        }
        defer { gateway.stop() }
        gateway.kernel.always(KernelEnd(usage: GatewayFixture.used))
        let answer = try gateway.routes.send(
            "POST", "/api/batch", GatewayRoutesFixture.asAdmin,
            #"{"messages":[{"text":"1","user":"ann"},{"text":"2","user":"bob"},{"text":"3","user":"cy"}]}"#)
        #expect(answer.status == 200)
        #expect(answer.text.components(separatedBy: #""result":"ok""#).count == 3)
        #expect(answer.text.contains("/problems/dispatch-queue_full"))
    }

    @Test("A user sees and stops its own runs, the administrator all of them", arguments: Transport.allCases)
    func list(_ transport: Transport) throws {
        let gateway = try GatewayFixture(transport)
        defer { gateway.stop() }
        let ended = Semaphore()
        let run = try gateway.submit("hello") { _ in ended.signal() }
        gateway.waitStarted(1)
        let id = gateway.kernel.runs[0].task.dispatchID.text
        let mine = try gateway.routes.send("GET", "/api/dispatches", try GatewayRoutesFixture.asUser("ann"))
        #expect(mine.text.contains(id))
        #expect(mine.text.contains(#""state":"running""#))
        let others = try gateway.routes.send("GET", "/api/dispatches", try GatewayRoutesFixture.asUser("bob"))
        #expect(others.text == #"{"dispatches":[]}"#)
        let path = "/api/dispatches/\(id)"
        #expect(
            try gateway.routes.send("DELETE", path, try GatewayRoutesFixture.asUser("bob")).status == 404)
        #expect(try gateway.routes.send("DELETE", path, GatewayRoutesFixture.asAdmin).status == 202)
        ended.wait()
        _ = run
        #expect(try gateway.completions().map(\.reason) == ["aborted"])
    }
}
