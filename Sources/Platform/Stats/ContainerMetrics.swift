import Files
import LedgerCore
package import Metrics

/// What is measured of containers: the collector's readings, as they are when somebody scrapes.
package enum ContainerMetrics {
    /// Adds the families to `set`.
    ///
    /// `readings` is what the collector publishes; `diskPath` lies on the file system whose space is watched.
    package static func add(to set: MetricSet, readings: PublishedReadings, diskPath: String) {
        set.collect { writer in
            let snapshot = readings.current
            writeStates(snapshot, to: &writer)
            writeReadings(snapshot.readings.values.sorted { $0.handle < $1.handle }, to: &writer)
            writeDisk(diskPath, to: &writer)
        }
    }

    private static func writeStates(_ snapshot: PublishedReadings.Snapshot, to writer: inout ExpositionWriter)
    {
        writer.family(
            "platform_engine_containers", .gauge,
            help: "Containers by what the engine says they do; none while it says nothing.")
        for (state, count) in snapshot.states.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.sample(["state": state.rawValue], .integer(Int64(count)))
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
