import HTTP
import LedgerCore
import LedgerRuntime
import Testing

@testable import Gateway

@Suite("System routes")
struct SystemRoutesTests {
    private static let start = Timestamp(microseconds: 1_795_576_000_000_000)

    private static func status(
        afterMicroseconds passed: Int64, postgres: PostgresReading?
    ) -> SystemStatus {
        SystemStatus(
            version: "1.2.3", origin: "here", startedAt: start,
            now: Timestamp(microseconds: start.microseconds + passed), services: ["gateway", "proxy"],
            kernel: postgres == nil ? nil : "command",
            queue: .init(queued: 3, running: 8, queueMax: 64, concurrency: 8),
            journal: .init(position: Position(42), isWritable: true), postgres: postgres, priceBook: "abc",
            webSocketConnections: 5, durability: "fsync", promptPolicy: "truncate:500")
    }

    private func routes(_ transport: Transport, _ status: SystemStatus) throws -> GatewayRoutesFixture {
        try GatewayRoutesFixture(transport) { shell, _ in
            SystemRoutes(access: GatewayRoutesFixture.access, status: { status }).register(on: shell)
        }
    }

    @Test("Whoever has a key sees how the system does", arguments: Transport.allCases)
    func status(_ transport: Transport) throws {
        let status = Self.status(
            afterMicroseconds: 61_999_999, postgres: .init(isConnected: false, lagEvents: 7))
        let gateway = try routes(transport, status)
        defer { gateway.stop() }
        let answer = try gateway.send("GET", "/api/system/info", try GatewayRoutesFixture.asUser("ann"))
        #expect(answer.status == 200)
        #expect(
            answer.text
                == #"{"version":"1.2.3","origin":"here","startedAt":"\#(Self.start.text)","uptimeSeconds":61,"#
                + #""services":["gateway","proxy"],"kernel":"command","#
                + #""queue":{"queued":3,"running":8,"queueMax":64,"concurrency":8},"#
                + #""journal":{"position":42,"writable":true},"#
                + #""postgres":{"connected":false,"lagEvents":7},"priceBook":"abc","#
                + #""webSocketConnections":5,"durability":"fsync","promptPolicy":"truncate:500"}"#)
        #expect(try gateway.send("GET", "/api/system/info", GatewayRoutesFixture.asAdmin).status == 200)
        #expect(try gateway.send("GET", "/api/system/info").status == 401)
    }

    @Test("What is not configured is null, and a clock that went back is no negative time")
    func nothingConfigured() throws {
        let gateway = try routes(.memory, Self.status(afterMicroseconds: -5_000_000, postgres: nil))
        defer { gateway.stop() }
        let answer = try gateway.send("GET", "/api/system/info", GatewayRoutesFixture.asAdmin)
        #expect(answer.text.contains(#""uptimeSeconds":0,"#))
        #expect(answer.text.contains(#""kernel":null,"#))
        #expect(answer.text.contains(#""postgres":null,"#))
    }
}
