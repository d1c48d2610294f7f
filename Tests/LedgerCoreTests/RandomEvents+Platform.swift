import LedgerCore
import Testing

/// The events of the Platform.
extension RandomEvents {
    mutating func container(_ change: ContainerChange) throws -> ContainerChanged {
        let handle = try #require(ContainerHandle(seed.pick(["a", "alice", "x-1", "7"])))
        return ContainerChanged(
            container: ContainerIdentity(
                handle: handle, user: try user(), containerID: seed.pick(["c1", "c2", text()]), image: text()),
            change: change, reason: text(), exitCode: optionalCount(), durationMilliseconds: optionalCount(),
            memoryLimitBytes: optionalCount(), cpuLimitMillicores: optionalCount())
    }

    mutating func reported() throws -> UsageReported {
        UsageReported(
            user: try user(), source: seed.pick(["agent", text()]), reportID: seed.pick(["1", "2", text()]),
            digest: text(), kind: seed.pick([.report, .compute]), provider: text(), model: text(),
            usage: usage(), cpuMilliseconds: count(), memoryMebibyteSeconds: count(), cost: cost(),
            priceBook: text(), usedAt: time())
    }

    private mutating func optionalCount() -> Int64? { seed.once(in: 2) ? nil : count() }
}
