import TestSupport
import Testing

@testable import Platform

@Suite("EventStream")
struct EventStreamTests {
    /// All events of an engine that sends `pieces`, then ends.
    private func events(
        head: String = "HTTP/1.1 200 OK\r\n\r\n", _ pieces: [String]
    ) async throws -> (events: [EngineEvent], end: EngineError?) {
        let harness = try EngineHarness(script: { connection in
            while let request = connection.request() {
                if request.contains("/version ") {
                    connection.send(EngineHarness.version)
                    continue
                }
                connection.send(head)
                for piece in pieces { connection.send(piece) }
                return
            }
        })
        defer { harness.close() }
        return await harness.events()
    }

    @Test("Recorded events are read, however they are cut")
    func recorded() async throws {
        let text = RecordedEngine.events.joined(separator: "\n") + "\n"
        let middle = text.index(text.startIndex, offsetBy: text.count / 3)
        let (events, end) = try await events([String(text[..<middle]), String(text[middle...])])
        #expect(end == nil)
        #expect(events.map(\.action) == [.start, .die, .start, .oom, .die, .destroy])
        #expect(events.map(\.exitCode) == [nil, 137, nil, nil, 137, nil])
        #expect(events.allSatisfy { $0.labels["a"] == "b" })
        #expect(events.first?.id == EngineClientTests.id)
    }

    @Test("Podman's words mean the same, and what is no container's is left out")
    func words() async throws {
        let (events, _) = try await events([
            #"{"Type":"image","Action":"pull","Actor":{"ID":"i"}}"# + "\n\n",
            #"{"status":"died","id":"p","Actor":{"ID":"p","Attributes":{"containerExitCode":"3"}}}"# + "\r\n",
            #"{"status":"remove","id":"p"}"# + "\n"
                + #"{"Type":"container","Action":"health_status: unhealthy","Actor":{"ID":"h"}}"# + "\n",
        ])
        #expect(events.map(\.action) == [.die, .destroy, .health])
        #expect(events.first?.exitCode == 3)
    }

    @Test("A broken, an endless and a refused stream end with what was wrong")
    func wrong() async throws {
        #expect(try await events(["nonsense\n"]).end == .malformed("an event is not JSON"))
        #expect(try await events(["{}\n"]).end == .malformed("an event names no container or no action"))
        let long = String(repeating: "x", count: EventStream.lineBytesMax + 1)
        #expect(try await events([long]).end == .malformed("an event of more than 1048576 bytes"))
        let refused = try await events(
            head: "HTTP/1.1 500 Internal\r\n\r\n", [#"{"message":"no events today"}"#])
        #expect(refused.end == .refused(status: 500, message: "no events today"))
    }
}
