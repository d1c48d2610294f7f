import Files
package import LedgerCore
package import Metrics

/// What the platform measures: containers from the collector's readings, provisions as they happen.
package final class ContainerMetrics: Sendable {
    /// How long provisions take, failed ones too.
    package let provisionDuration: Family<Histogram>
    /// How provisions ended, by `status`.
    package let provisions: Family<Counter>

    /// Bounds for a provision's time, in seconds.
    static let provisionSeconds: [Double] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

    /// Makes the platform's families in `set`.
    ///
    /// `readings` is what the collector publishes, `diskPath` lies on the file system whose space is watched,
    /// `ooms` says on the scraping thread how often each container ran out of memory.
    package init(
        _ set: MetricSet, readings: PublishedReadings, diskPath: String,
        ooms: @escaping @Sendable () -> [ContainerHandle: Int64]
    ) {
        provisionDuration = set.histogram(
            "platform_provision_duration_seconds", help: "From a provision's request to its end.",
            bounds: Self.provisionSeconds)
        provisions = set.counter(
            "platform_provision_total", help: "Provisions by how they ended.", labels: ["status"])
        set.collect { writer in
            let snapshot = readings.current
            Self.writeStates(snapshot, to: &writer)
            Self.writeReadings(
                snapshot.readings.values.sorted { $0.handle < $1.handle }, to: &writer)
            writer.family(
                "platform_container_oom_total", .counter,
                help: "Times that a container ran out of memory; from the ledger.")
            for (handle, count) in ooms().sorted(by: { $0.key < $1.key }) {
                writer.sample(["handle": handle.text], .integer(count))
            }
            Self.writeDisk(diskPath, to: &writer)
        }
    }

    private static func writeStates(_ snapshot: PublishedReadings.Snapshot, to writer: inout ExpositionWriter)
    {
        writer.family(
            // A gauge in all but its name, which a checker would take for a counter's.
            "platform_containers_total", .unknown,
            help: "Containers by what they do; none while the engine does not say.")
        for (state, count) in snapshot.states.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.sample(["status": state.rawValue], .integer(Int64(count)))
        }
        writer.family("platform_stats_polls_total", .counter, help: "Looks at all containers that ended.")
        writer.sample([:], .integer(snapshot.polls))
        writer.family(
            "platform_stats_polls_skipped_total", .counter,
            help: "Looks at all containers left out because one was under way.")
        writer.sample([:], .integer(snapshot.pollsSkipped))
        writer.family(
            "platform_stats_poll_duration_seconds", .gauge, help: "How long the last look took.")
        writer.sample([:], .double(Double(snapshot.lastPollNanoseconds) / 1_000_000_000))
    }

    private static func writeReadings(_ readings: [ContainerReading], to writer: inout ExpositionWriter) {
        func write(
            _ name: String, _ kind: MetricKind, _ help: String,
            _ value: (ContainerReading) -> MetricValue?
        ) {
            writer.family(name, kind, help: help)
            for reading in readings {
                guard let value = value(reading) else { continue }
                writer.sample(["handle": reading.handle.text], value)
            }
        }
        write(
            "platform_container_cpu_percent", .gauge,
            "Processor time between the last two samples, in percent of one core."
        ) { $0.cpuPercent.map { .double($0) } }
        write(
            "platform_container_memory_bytes", .gauge, "Memory in use, without inactive file cache."
        ) { .integer($0.memoryBytes) }
        write(
            "platform_container_memory_limit_bytes", .gauge,
            "Limit of memory; the machine's memory where there is none."
        ) { .integer($0.memoryLimitBytes) }
        write(
            "platform_container_network_receive_bytes_total", .counter,
            "Bytes received since the container started."
        ) { $0.receivedBytes.map { .integer($0) } }
        write(
            "platform_container_network_transmit_bytes_total", .counter,
            "Bytes sent since the container started."
        ) { $0.transmittedBytes.map { .integer($0) } }
        write(
            "platform_container_healthy", .gauge,
            "1 while a container runs and its health check, if it has one, passes; else 0."
        ) { .integer($0.isHealthy ? 1 : 0) }
    }

    private static func writeDisk(_ path: String, to writer: inout ExpositionWriter) {
        guard let space = try? DiskSpace(at: path) else { return }
        writer.family(
            "platform_host_disk_used_ratio", .gauge, help: "Used part of the disk with the ledger's home.")
        writer.sample([:], .double(space.usedRatio))
    }
}
