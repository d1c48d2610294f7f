/// The events of the Platform.
extension EventDecoder {
    static func container(
        _ change: ContainerChange, _ line: inout LineScanner
    ) throws(CodecError) -> ContainerChanged {
        ContainerChanged(
            container: try container(&line), change: change, reason: try line.string("reason"),
            exitCode: try line.optionalInteger("exitCode"),
            durationMilliseconds: try line.optionalInteger("durationMs"),
            memoryLimitBytes: try line.optionalInteger("memoryLimitBytes"),
            cpuLimitMillicores: try line.optionalInteger("cpuLimitMillicores"))
    }

    /// Reads what names a container, its user first.
    static func container(_ line: inout LineScanner) throws(CodecError) -> ContainerIdentity {
        let user = try user(&line)
        let offset = line.offset
        guard let handle = ContainerHandle(try line.string("handle"))
        else { throw .badValue("handle", offset: offset) }
        return ContainerIdentity(
            handle: handle, user: user, containerID: try line.string("containerId"),
            image: try line.string("image"))
    }

    static func usageReported(_ line: inout LineScanner) throws(CodecError) -> UsageReported {
        let user = try user(&line)
        let source = try line.string("source")
        let reportID = try line.string("reportId")
        let digest = try line.string("digest")
        let kind: UsageKind = try choice("kind", &line)
        let provider = try line.string("provider")
        let model = try line.string("model")
        let usedAt = try line.timestamp("usedAt")
        let tokensOffset = line.offset
        let tokensIn = try line.integer("tokensIn")
        let tokensOut = try line.integer("tokensOut")
        let cost = try cost(&line)
        let usage = try usage(&line)
        guard usage.inputTokens == tokensIn, usage.outputTokens == tokensOut
        else { throw .badValue("tokensIn", offset: tokensOffset) }
        return UsageReported(
            user: user, source: source, reportID: reportID, digest: digest, kind: kind, provider: provider,
            model: model, usage: usage, cpuMilliseconds: try amount("cpuMs", &line),
            memoryMebibyteSeconds: try amount("memoryMibS", &line), cost: cost,
            priceBook: try line.string("priceBook"), usedAt: usedAt)
    }

    /// Reads an amount that is left out when it is zero.
    private static func amount(_ key: StaticString, _ line: inout LineScanner) throws(CodecError) -> Int64 {
        let offset = line.offset
        guard let amount = try line.optionalInteger(key) else { return 0 }
        guard amount != 0 else { throw .badValue(key.description, offset: offset) }
        return amount
    }
}
