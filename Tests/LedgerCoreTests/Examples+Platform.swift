import LedgerCore
import Testing

extension Examples {
    /// The container that changes.
    static func container(
        _ containerID: String = "4f6a", handle: String = "alice"
    ) throws -> ContainerIdentity {
        ContainerIdentity(
            handle: try #require(ContainerHandle(handle)), user: try user(handle), containerID: containerID,
            image: "matrixos/\"os\":1.2")
    }

    /// Changes of a container, bare and with every figure.
    static func containerEvents(of type: EventType) throws -> [Event] {
        let change = try #require(ContainerChange.allCases.first { EventType($0) == type })
        let container = try container()
        return [
            .containerChanged(ContainerChanged(container: container, change: change, reason: "request")),
            .containerChanged(
                ContainerChanged(
                    container: container, change: change, reason: "exit", exitCode: 137,
                    durationMilliseconds: 1_250, memoryLimitBytes: 536_870_912, cpuLimitMillicores: 500)),
        ]
    }

    /// Reports of an agent's tokens, priced and not, and of a container's hour.
    static func usageReports() throws -> [UsageReported] {
        var usage = Usage()
        for (offset, bucket) in UsageBucket.allCases.enumerated() { usage[bucket] = Int64(offset + 1) * 11 }
        usage.reasoning = 9
        let alice = try user("alice")
        let time = try moment("2026-11-24T21:00:00Z")
        return [
            UsageReported(
                user: alice, source: "https://agent.example/\"a\"", reportID: "r-1", digest: "9c56",
                kind: .report, provider: "anthropic", model: "claude-opus-4-5", usage: usage,
                cost: .priced(try usd("0.0125")), priceBook: "5f2a", usedAt: time),
            UsageReported(
                user: alice, source: "agent", reportID: "r-1", digest: "1b4f", kind: .report,
                provider: "nobody", model: "m", cost: .unpriced(holding: try usd("1")), priceBook: "5f2a",
                usedAt: time),
            UsageReported(
                user: alice, source: "platform", reportID: "4f6a/2026-11-24T21", digest: "60a3",
                kind: .compute, provider: "platform", model: "alice", cpuMilliseconds: 1_800_000,
                memoryMebibyteSeconds: 1_843_200, cost: .priced(try usd("0.054")), priceBook: "5f2a",
                usedAt: time),
        ]
    }
}
