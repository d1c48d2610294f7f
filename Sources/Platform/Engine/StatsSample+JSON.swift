import JSON

extension StatsSample {
    /// Reads the answer to `GET /containers/{id}/stats?stream=false&one-shot=true`.
    ///
    /// A stopped container answers with zeros (Docker) or with nothing (Podman).
    ///
    /// - Throws: ``EngineError/notRunning``, ``EngineError/malformed(_:)``.
    init(_ body: [UInt8], isPodman: Bool) throws(EngineError) {
        guard body.contains(where: { $0 > UInt8(ascii: " ") }) else { throw .notRunning }
        let root = try EngineJSON.object(body, of: "statistics")
        guard let cpu = root["cpu_stats"], cpu.kind == .object, let usage = cpu["cpu_usage"],
            let total = EngineJSON.counter(usage["total_usage"])
        else { throw .malformed("statistics have no cpu_stats.cpu_usage.total_usage") }
        let memory = root["memory_stats"]
        guard let used = EngineJSON.bytes(memory?["usage"]) else {
            guard total == 0 else { throw .malformed("statistics have no memory_stats.usage") }
            throw .notRunning
        }
        guard total > 0 || used > 0 else { throw .notRunning }
        // Podman puts the busy time of all processors there, not all time: dividing by it is wrong.
        let system = isPodman ? nil : EngineJSON.counter(cpu["system_cpu_usage"])
        let networks = Self.networks(root["networks"])
        self.init(
            cpuNanoseconds: total, systemNanoseconds: system == 0 ? nil : system,
            onlineCPUs: Self.processors(cpu), memoryUsageBytes: used,
            memoryInactiveFileBytes: Self.inactiveFile(memory?["stats"]),
            memoryLimitBytes: EngineJSON.bytes(memory?["limit"]) ?? 0, receivedBytes: networks?.received,
            transmittedBytes: networks?.transmitted)
    }

    /// Called `total_inactive_file` under cgroup v1, where `inactive_file` leaves children out.
    private static func inactiveFile(_ stats: JSONValue?) -> Int64 {
        EngineJSON.bytes(stats?["total_inactive_file"]) ?? EngineJSON.bytes(stats?["inactive_file"]) ?? 0
    }

    /// Podman under cgroup v2 tells neither number.
    private static func processors(_ cpu: JSONValue) -> Int? {
        let online = cpu["online_cpus"]?.int64 ?? 0
        if online > 0 { return Int(min(online, Int64(onlineCPUsMax))) }
        let each = cpu["cpu_usage"]?["percpu_usage"]?.array.reduce(0) { count, _ in count + 1 } ?? 0
        return each > 0 ? min(each, onlineCPUsMax) : nil
    }

    /// The sums over all networks; nil where there is none.
    private static func networks(_ value: JSONValue?) -> (received: Int64, transmitted: Int64)? {
        guard let value else { return nil }
        var sums: (received: Int64, transmitted: Int64)?
        for (_, network) in value.object {
            let (received, transmitted) = sums ?? (0, 0)
            sums = (
                add(received, EngineJSON.bytes(network["rx_bytes"]) ?? 0),
                add(transmitted, EngineJSON.bytes(network["tx_bytes"]) ?? 0)
            )
        }
        return sums
    }

    private static func add(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, isOver) = left.addingReportingOverflow(right)
        return isOver ? .max : sum
    }
}
