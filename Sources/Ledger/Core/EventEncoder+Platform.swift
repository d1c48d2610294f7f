/// The events of the Platform.
extension EventEncoder {
    static func write(_ event: ContainerChanged, to line: inout LineWriter) {
        write(event.container, to: &line)
        line.field("reason", event.reason)
        line.field("exitCode", event.exitCode)
        line.field("durationMs", event.durationMilliseconds)
        line.field("memoryLimitBytes", event.memoryLimitBytes)
        line.field("cpuLimitMillicores", event.cpuLimitMillicores)
    }

    /// Writes what names a container, but for its user, who stands before.
    static func write(_ container: ContainerIdentity, to line: inout LineWriter) {
        line.field("handle", container.handle.text)
        line.field("containerId", container.containerID)
        line.field("image", container.image)
    }

    static func write(_ event: UsageReported, to line: inout LineWriter) {
        line.field("source", event.source)
        line.field("reportId", event.reportID)
        line.field("digest", event.digest)
        line.field("kind", event.kind.rawValue)
        line.field("provider", event.provider)
        line.field("model", event.model)
        line.field("usedAt", event.usedAt)
        line.field("tokensIn", event.usage.inputTokens)
        line.field("tokensOut", event.usage.outputTokens)
        write(event.cost, to: &line)
        write(event.usage, to: &line)
        if event.cpuMilliseconds != 0 { line.field("cpuMs", event.cpuMilliseconds) }
        if event.memoryMebibyteSeconds != 0 { line.field("memoryMibS", event.memoryMebibyteSeconds) }
        line.field("priceBook", event.priceBook)
    }
}

extension LineWriter {
    /// Writes an integer, or nothing for nil.
    fileprivate mutating func field(_ key: StaticString, _ value: Int64?) {
        if let value { field(key, value) }
    }
}
