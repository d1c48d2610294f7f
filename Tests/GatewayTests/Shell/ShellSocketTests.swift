import LedgerCore
import TestSupport
import Testing
import Threads

@testable import Gateway

@Suite("ShellSocket")
struct ShellSocketTests {
    private static let first = "00000000-0000-0000-0000-000000000001"

    private static let alert = AlertReceived(
        fingerprint: "f1", status: .firing, name: "DiskSpaceLow", severity: "critical", summary: "5 % left",
        startsAt: Timestamp(microseconds: 1_000_000), from: "alertmanager")
    private static let alertMembers =
        #""fingerprint":"f1","status":"firing","name":"DiskSpaceLow","severity":"critical","#
        + #""summary":"5 % left","startsAt":"1970-01-01T00:00:01.000000Z","from":"alertmanager"}"#
    private static let today =
        #""today":{"costUsd":1.500000000000000001,"tokensIn":0,"tokensOut":0,"calls":3,"dispatches":0}"#

    @Test("says first who is signed in, what today cost and which alerts fire")
    func ready() throws {
        let shell = try ShellFixture(alerts: [Self.alert])
        defer { shell.stop() }
        let client = try WebSocketClient(port: shell.port, path: "/ws/ann")
        #expect(
            try client.receive()?.text
                == #"{"type":"ready","user":"ann",\#(Self.today),"alerts":[{\#(Self.alertMembers)]}"#)
    }

    @Test("tells a run from its queue to its end")
    func run() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        shell.onLoop { shell in
            shell.desk.onSubmit = { run in
                let handlers = Confined(run)
                shell.loop.post {
                    let run = handlers.value
                    run.handlers.onEvent(.ready(model: "m1"))
                    run.handlers.onEvent(.text("Hel\"lo"))
                    run.handlers.onEvent(.tool(name: "Bash", input: #"{"command":"ls"}"#))
                    run.end(text: "Hello") { completed in
                        completed.cost = .priced(Money(attos: 6_000_000_000_000_000))
                        completed.reportedCost = Money(attos: 7_000_000_000_000_000)
                        completed.usage.input = 1_000
                        completed.usage.output = 200
                        completed.model = "m1"
                        completed.calls = 2
                        completed.toolsUsed = ["Bash"]
                    }
                }
            }
        }
        let client = try shell.connect()
        client.send(#"{"type":"message","text":"hi","sessionId":"s-1","model":"m1","id":"mine"}"#)
        let id = #""dispatchId":"\#(Self.first)""#
        for expected in [
            #"{"type":"queued",\#(id),"id":"mine","sessionId":"s-1"}"#,
            #"{"type":"init",\#(id),"id":"mine","sessionId":"s-1","model":"m1"}"#,
            #"{"type":"text",\#(id),"text":"Hel\"lo"}"#,
            #"{"type":"tool",\#(id),"name":"Bash","input":"{\"command\":\"ls\"}"}"#,
            #"{"type":"result","id":"mine",\#(id),"sessionId":"s-1","result":"ok","costUsd":0.006,"#
                + #""costState":"priced","reportedUsd":0.007,"billing":"direct","tokensIn":1000,"#
                + #""tokensOut":200,"model":"m1","calls":2,"toolsUsed":["Bash"],"durationMs":12,"#
                + #""text":"Hello",\#(Self.today)}"#,
        ] { #expect(try client.receive()?.text == expected) }
        let request = shell.onLoop { $0.desk.runs[0].request }
        #expect(request.user.text == "ann" && request.source == "web" && request.text == "hi")
        #expect(request.sessionID == "s-1" && request.model == "m1")
    }

    @Test("tells what went wrong, and then what it cost all the same")
    func failure() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        shell.onLoop { shell in
            shell.desk.onSubmit = { run in
                let run = Confined(run)
                shell.loop.post {
                    run.value.end(.error, reason: "kernel_exit", message: "It ended with status 1.") {
                        $0.cost = .unpriced(holding: .zero)
                    }
                }
            }
        }
        let client = try shell.connect()
        client.send(#"{"type":"message","text":"hi"}"#)
        #expect(try client.receive()?.text.hasPrefix(#"{"type":"queued""#) == true)
        #expect(
            try client.receive()?.text
                == #"{"type":"error","dispatchId":"\#(Self.first)","code":"kernel_exit","#
                + #""message":"It ended with status 1."}"#)
        let result = try #require(try client.receive()?.text)
        #expect(result.contains(#""result":"error","reason":"kernel_exit""#))
        #expect(result.contains(#""costUsd":null,"costState":"unpriced""#))
    }

    @Test("tells a refusal with when to try again")
    func refusal() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        shell.onLoop { shell in
            shell.desk.onSubmit = { run in
                let run = Confined(run)
                shell.loop.post {
                    run.value.handlers.onEnd(
                        .refused(
                            DispatchRefused(
                                status: 503, code: "queue_full", message: "Full.", retryAfterSeconds: 5)))
                }
            }
        }
        let client = try shell.connect()
        client.send(#"{"type":"message","text":"hi","id":"a"}"#)
        _ = try client.receive()
        #expect(
            try client.receive()?.text
                == #"{"type":"error","dispatchId":"\#(Self.first)","id":"a","code":"queue_full","#
                + #""message":"Full.","retryAfter":5}"#)
    }

    @Test("an abort reaches its run, and one of a stranger's run nothing")
    func abort() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let aborted = Semaphore()
        shell.onLoop { $0.desk.onAbort = { _ in aborted.signal() } }
        let client = try shell.connect()
        let stranger = try shell.connect("bob")
        client.send(#"{"type":"message","text":"hi"}"#)
        _ = try client.receive()
        let abort = #"{"type":"abort","dispatchId":"\#(Self.first)"}"#
        stranger.send(abort)
        stranger.send(#"{"type":"ping"}"#)
        #expect(try stranger.receive()?.text == #"{"type":"pong"}"#)
        #expect(shell.onLoop { !$0.desk.runs[0].isAborted })
        client.send(abort)
        aborted.wait()
        #expect(shell.onLoop { $0.desk.runs[0].isAborted })
    }

    @Test("a socket that closes takes its runs back")
    func closing() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let aborted = Semaphore()
        shell.onLoop { $0.desk.onAbort = { _ in aborted.signal() } }
        do {
            let client = try shell.connect()
            for _ in 1...3 {
                client.send(#"{"type":"message","text":"hi"}"#)
                _ = try client.receive()
            }
        }
        for _ in 1...3 { aborted.wait() }
        shell.wait(count: 0)
        // Their ends come later and meet nobody.
        shell.onLoop { for run in $0.desk.runs { run.end(.aborted) } }
        #expect(shell.onLoop { $0.hub.count } == 0)
    }

    @Test(
        "what means nothing is told so, and the connection stays",
        arguments: [
            "", "hello", "[]", "7", "{}", #"{"type":"massage","text":"hi"}"#, #"{"type":7}"#,
            #"{"type":"message"}"#, #"{"type":"message","text":""}"#, #"{"type":"message","text":null}"#,
            #"{"type":"message","text":["hi"]}"#, #"{"type":"message","text":"hi","sessionId":"a b"}"#,
            #"{"type":"message","text":"hi","model":""}"#, #"{"type":"message","text":"hi","id":7}"#,
            #"{"type":"abort"}"#, #"{"type":"abort","dispatchId":"x"}"#,
            #"{"type":"message","text":"\#(String(repeating: "a", count: 1_001))"}"#,
        ])
    func badMessages(_ text: String) throws {
        let shell = try ShellFixture { $0.textBytesMax = 1_000 }
        defer { shell.stop() }
        let client = try shell.connect()
        client.send(text)
        #expect(
            try client.receive()?.text.hasPrefix(#"{"type":"error","code":"bad_message","message":""#) == true
        )
        client.send(#"{"type":"ping"}"#)
        #expect(try client.receive()?.text == #"{"type":"pong"}"#)
        #expect(shell.onLoop { $0.desk.runs.isEmpty })
    }

    @Test("an error names the message that it is about")
    func errorTag() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let client = try shell.connect()
        client.send(#"{"type":"message","id":"mine"}"#)
        #expect(
            try client.receive()?.text.hasPrefix(#"{"type":"error","id":"mine","code":"bad_message""#) == true
        )
    }

    @Test("a client that sends nothing but nonsense is closed")
    func nonsense() throws {
        let shell = try ShellFixture { $0.badMessagesMax = 3 }
        defer { shell.stop() }
        let client = try shell.connect()
        for _ in 1...10 { client.send("nonsense") }
        let (texts, code) = try client.receiveAll()
        #expect(texts.count == 4 && code == 1008)
    }

    @Test("runs under way of one socket are bounded")
    func runsMax() throws {
        let shell = try ShellFixture { $0.runsPerSocketMax = 2 }
        defer { shell.stop() }
        let client = try shell.connect()
        for tag in ["a", "b", "c"] { client.send(#"{"type":"message","text":"hi","id":"\#(tag)"}"#) }
        for _ in 1...2 { #expect(try client.receive()?.text.hasPrefix(#"{"type":"queued""#) == true) }
        #expect(
            try client.receive()?.text.hasPrefix(#"{"type":"error","id":"c","code":"too_many_runs""#) == true)
        shell.onLoop { $0.desk.runs[0].end() }
        #expect(try client.receive()?.text.hasPrefix(#"{"type":"result","id":"a""#) == true)
        client.send(#"{"type":"message","text":"hi","id":"d"}"#)
        #expect(try client.receive()?.text.contains(#""id":"d""#) == true)
        #expect(shell.onLoop { $0.desk.runs.count } == 3)
    }

    @Test("a text as long as allowed is run")
    func longText() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let client = try shell.connect()
        let text = String(repeating: "a", count: 256 * 1024)
        client.send(#"{"type":"message","text":"\#(text)"}"#)
        #expect(try client.receive()?.text.hasPrefix(#"{"type":"queued""#) == true)
        #expect(shell.onLoop { $0.desk.runs[0].request.text.utf8.count } == 256 * 1024)
    }
}
