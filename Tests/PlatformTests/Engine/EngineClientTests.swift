import Foundation
import TestSupport
import Testing

@testable import Platform

@Suite("EngineClient")
struct EngineClientTests {
    static let id = "90bd552fa903606461a14065e205c86e9967730a4f3fef8773c964d4d684b650"

    /// Asks once, of an engine that answers everything but `/version` with `answer`.
    private func ask<Value: Sendable>(
        _ answer: String,
        _ question:
            @escaping @Sendable (
                EngineClient, @escaping (Result<Value, EngineError>) -> Void
            ) -> Void
    ) async throws -> (result: Result<Value, EngineError>, requests: [String]) {
        let harness = try EngineHarness(EngineHarness.docker(answer))
        defer { harness.close() }
        return (await harness.ask(question), harness.peer.requests)
    }

    @Test("create sends the whole specification and gives the identifier")
    func create() async throws {
        let spec = ContainerSpec(
            name: "matrixos-alice", image: "agent:1", command: ["sh", "-c", "x"],
            environment: ["B": "2", "A": "1=\"x\""], labels: ["a": "b"], network: "none",
            memoryLimitBytes: 67_108_864, cpuLimitMillicores: 500, pidsMax: 64)
        let (result, requests) = try await ask(
            EngineHarness.answer(#"{"Id":"abc","Warnings":[]}"#, status: "201 Created")
        ) { $0.create(spec, then: $1) }
        #expect(result == .success("abc"))
        let request = try #require(requests.last)
        #expect(request.hasPrefix("POST /v1.41/containers/create?name=matrixos-alice HTTP/1.1\r\n"))
        #expect(request.contains("content-type: application/json\r\n"))
        #expect(
            request.hasSuffix(
                #"{"Image":"agent:1","Cmd":["sh","-c","x"],"Env":["A=1=\"x\"","B=2"],"Labels":{"a":"b"},"#
                    + #""HostConfig":{"NetworkMode":"none","Memory":67108864,"MemorySwap":67108864,"#
                    + #""NanoCpus":500000000,"PidsLimit":64}}"#))
    }

    @Test("What is done already is no error: 304 for start and stop, 404 for remove")
    func already() async throws {
        let same = "HTTP/1.1 304 Not Modified\r\n\r\n"
        let gone = EngineHarness.answer(#"{"message":"No such container: x"}"#, status: "404 Not Found")
        let started = try await ask(same) { $0.start("x", then: $1) }
        #expect((try? started.result.get()) != nil)
        let stopped = try await ask(same) { $0.stop("x", graceSeconds: 3, then: $1) }
        #expect((try? stopped.result.get()) != nil)
        #expect(stopped.requests.last?.hasPrefix("POST /v1.41/containers/x/stop?t=3 ") == true)
        let removed = try await ask(gone) { $0.remove("x", then: $1) }
        #expect((try? removed.result.get()) != nil)
        #expect(removed.requests.last?.hasPrefix("DELETE /v1.41/containers/x?force=true&v=true ") == true)
    }

    static let refusals: [(String, String, EngineError)] = [
        ("404 Not Found", #"{"message":"No such container: x"}"#, .notFound("No such container: x")),
        ("409 Conflict", #"{"message":"in use"}"#, .conflict("in use")),
        ("500 Internal", #"{"message":"boom"}"#, .refused(status: 500, message: "boom")),
        ("503 Busy", "plain words", .refused(status: 503, message: "plain words")),
        (
            "500 Internal", #"{"message":"\#(String(repeating: "é", count: 4000))"}"#,
            .refused(status: 500, message: String(repeating: "é", count: 150))
        ),
        ("302 Found", "", .refused(status: 302, message: "")),
    ]

    @Test("An answer that is no success says what it is, in the engine's words", arguments: refusals)
    func refused(_ status: String, _ body: String, _ error: EngineError) async throws {
        let (result, _) = try await ask(EngineHarness.answer(body, status: status)) {
            $0.inspect("x", then: $1)
        }
        #expect(result == .failure(error))
    }

    @Test("A recorded list and a recorded container are read")
    func recorded() async throws {
        let listed = try await ask(EngineHarness.answer(RecordedEngine.list)) {
            $0.list(label: "a=b", then: $1)
        }
        let expected = EngineContainer(
            id: Self.id, name: "x1", image: "ledger-busybox:1", labels: ["a": "b"], state: .running)
        #expect(listed.result == .success([expected]))
        #expect(
            listed.requests.last?.hasPrefix(
                "GET /v1.41/containers/json?all=true&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D ") == true)
        let inspected = try await ask(EngineHarness.answer(RecordedEngine.inspected)) {
            $0.inspect("x1", then: $1)
        }
        #expect(inspected.result == .success(expected))
    }

    @Test("Podman's recorded list and container are read alike")
    func recordedPodman() async throws {
        let expected = EngineContainer(
            id: "c60af4508fe5844336245df5372b87c204db01fe84993b7a8954db07a2852932", name: "x1",
            image: "localhost/ledger-busybox:1", labels: ["a": "b"], state: .running)
        let listed = try await ask(EngineHarness.answer(RecordedPodman.list)) {
            $0.list(label: "a=b", then: $1)
        }
        #expect(listed.result == .success([expected]))
        let inspected = try await ask(EngineHarness.answer(RecordedPodman.inspected)) {
            $0.inspect("x1", then: $1)
        }
        #expect(inspected.result == .success(expected))
    }

    @Test("Health and the end of a container are read, also from a list's words")
    func health() throws {
        let list =
            #"[{"Id":"a","Status":"Up 3 seconds (healthy)","State":"running"},"#
            + #"{"Id":"b","Status":"Up 1 second (health: starting)"},{"Id":"c","Status":"Up (unhealthy)"},"#
            + #"{"Id":"d","Status":"Exited (137) 2 hours ago","State":"stopped"}]"#
        let containers = try EngineJSON.array(Array(list.utf8), of: "x").map {
            try EngineContainer(listed: $0)
        }
        #expect(containers.map(\.health) == [.healthy, .starting, .unhealthy, .none])
        #expect(containers.map(\.state) == [.running, .unknown, .unknown, .exited])
        let over = try EngineContainer(
            inspected: Array(
                #"{"Id":"a","Name":"/n","State":{"Status":"exited","ExitCode":137,"OOMKilled":true,"Health":{"Status":"unhealthy"}}}"#
                    .utf8))
        #expect(over.exitCode == 137)
        #expect(over.isOOMKilled)
        #expect(over.health == .unhealthy)
    }

    @Test("Statistics are asked for in one shot")
    func stats() async throws {
        let (result, requests) = try await ask(EngineHarness.answer(RecordedEngine.second)) {
            $0.stats("x/1", then: $1)
        }
        #expect(try result.get().cpuNanoseconds == 1_600_416_953)
        #expect(
            requests.last?.hasPrefix("GET /v1.41/containers/x%2F1/stats?stream=false&one-shot=true ") == true)
    }

    @Test("The version is agreed on once, however many ask at the same time")
    func agreedOnce() async throws {
        let harness = try EngineHarness(EngineHarness.docker(EngineHarness.nothing))
        defer { harness.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let done: Result<Void, EngineError> = await harness.ask { $0.start("x", then: $1) }
                    try done.get()
                }
            }
            try await group.waitForAll()
        }
        #expect(harness.peer.requests.count { $0.hasPrefix("GET /version ") } == 1)
    }

    @Test("After the engine broke off, the version is agreed on anew")
    func agreedAnew() async throws {
        let harness = try EngineHarness(script: { connection in
            while let request = connection.request() {
                if request.contains("/version ") {
                    connection.send(EngineHarness.version)
                } else if request.contains("/containers/broken/") {
                    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
                    return
                } else {
                    connection.send(EngineHarness.nothing)
                }
            }
        })
        defer { harness.close() }
        let first: Result<EngineContainer, EngineError> = await harness.ask { $0.inspect("broken", then: $1) }
        guard case .failure(.unreachable) = first else { return #expect(Bool(false), "\(first)") }
        let second: Result<Void, EngineError> = await harness.ask { $0.start("x", then: $1) }
        #expect((try? second.get()) != nil)
        #expect(harness.peer.requests.count { $0.hasPrefix("GET /version ") } == 2)
    }

    @Test("An engine that is away, hangs or talks without end ends in an error of its own")
    func unwell() async throws {
        let away = try EngineHarness(EngineHarness.docker(""))
        away.peer.stop()
        let none: Result<Void, EngineError> = await away.ask { $0.start("x", then: $1) }
        guard case .failure(.unreachable) = none else { return #expect(Bool(false), "\(none)") }
        away.close()

        let silent = try EngineHarness(timeoutMilliseconds: 200, script: { $0.awaitClose() })
        let hung: Result<EngineContainer, EngineError> = await silent.ask { $0.inspect("x", then: $1) }
        #expect(hung == .failure(.timedOut))
        silent.close()

        let endless = try EngineHarness(script: { connection in
            while let request = connection.request() {
                if request.contains("/version ") {
                    connection.send(EngineHarness.version)
                    continue
                }
                connection.send("HTTP/1.1 200 OK\r\n\r\n")
                let piece = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 16)
                while connection.send(piece) {}
            }
        })
        let flood: Result<[EngineContainer], EngineError> = await endless.ask {
            $0.list(label: "a", then: $1)
        }
        #expect(flood == .failure(.malformed("an answer of more than \(EngineCall.bodyBytesMax) bytes")))
        endless.close()
    }
}

@Suite("EnginePath")
struct EnginePathTests {
    @Test("Whatever an identifier holds stays within its part of the path")
    func escapes() {
        #expect(EnginePath.escape("aZ0-._~") == "aZ0-._~")
        #expect(EnginePath.container("../a?b=c#é", "/json") == "/containers/..%2Fa%3Fb%3Dc%23%C3%A9/json")
    }
}
