import JSON

extension ContainerSpec {
    /// The body of `POST /containers/create`.
    var json: [UInt8] {
        JSONText.object { text in
            text.member("Image", image)
            if let command { Self.write("Cmd", command, to: &text) }
            Self.write(
                "Env", environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }, to: &text)
            text.key("Labels")
            text.object { text in
                for (name, value) in labels.sorted(by: { $0.key < $1.key }) { text.member(name, value) }
            }
            text.key("HostConfig")
            text.object { writeLimits(to: &$0) }
        }
    }

    private func writeLimits(to text: inout JSONText) {
        if let network { text.member("NetworkMode", network) }
        if let memoryLimitBytes {
            text.member("Memory", memoryLimitBytes)
            // As much as Memory: no swap beside it, so that the limit is the limit.
            text.member("MemorySwap", memoryLimitBytes)
        }
        if let cpuLimitMillicores {
            let (nanos, isOver) = cpuLimitMillicores.multipliedReportingOverflow(by: 1_000_000)
            text.member("NanoCpus", isOver ? Int64.max : nanos)
        }
        if let pidsMax { text.member("PidsLimit", pidsMax) }
    }

    private static func write(_ key: String, _ values: [String], to text: inout JSONText) {
        text.key(key)
        text.array { text in for value in values { text.string(value) } }
    }
}
