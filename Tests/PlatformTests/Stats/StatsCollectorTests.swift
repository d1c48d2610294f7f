import LedgerCore
import TestSupport
import Testing

@testable import Platform

@Suite("StatsCollector")
struct StatsCollectorTests {
    @Test("collectOnce returns stats for all running containers")
    func collectOnce() async throws {
        let names = (1...100).map { "c\($0)" }
        let harness = try CollectorHarness(names)
        defer { harness.close() }
        let readings = await harness.collect { parts in
            parts.engine.run(names, .success(CollectorHarness.sample(cpu: 1)))
        }
        #expect(Set(readings.keys) == Set(names))
        #expect(readings["c7"]?.user.text == "c7")
        #expect(readings["c7"]?.memoryBytes == 2 << 20)
        // Side by side, and never more than there may be at a time.
        #expect(await harness.on { $0.engine.inFlightMax } == min(100, StatsPoll.inFlightMax))
    }

    @Test("CPU percentage calculated correctly from Docker stats JSON")
    func cpuPercent() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        let bodies = [RecordedEngine.first, RecordedEngine.second]
        let samples = try bodies.map { try StatsSample(Array($0.utf8), isPodman: false) }
        let first = await harness.collect { $0.engine.run(["alice"], .success(samples[0])) }
        #expect(first["alice"] != nil)
        #expect(first["alice"]?.cpuPercent == nil)
        #expect(!harness.exposition.contains("platform_container_cpu_percent{"))
        let second = await harness.collect { $0.engine.run(["alice"], .success(samples[1])) }
        // 1,019,709,039 of 4,120,000,000 on two processors.
        #expect(abs((second["alice"]?.cpuPercent ?? 0) - 49.500_438_786_407_766) < 1e-9)
    }

    @Test("Memory usage/limit extracted correctly")
    func memory() async throws {
        let harness = try CollectorHarness(["old", "new"])
        defer { harness.close() }
        let old = try StatsSample(Array(RecordedEngine.second.utf8), isPodman: false)
        let new = try StatsSample(Array(RecordedCgroup2.second.utf8), isPodman: false)
        let readings = await harness.collect { parts in
            parts.engine.run(["old", "new"], .success(old))
            parts.engine.stats["new"] = .success(new)
        }
        // cgroup v1: usage 458,752, total_inactive_file 0; limit 64 MiB.
        #expect(readings["old"]?.memoryBytes == 458_752)
        #expect(readings["old"]?.memoryLimitBytes == 67_108_864)
        // cgroup v2: 26,251,264 − 25,165,824 of inactive_file; limit 256 MiB.
        #expect(readings["new"]?.memoryBytes == 1_085_440)
        #expect(readings["new"]?.memoryLimitBytes == 268_435_456)
    }

    @Test("Handles container that disappears mid-poll (no crash)")
    func disappears() async throws {
        let harness = try CollectorHarness(["alice", "bob", "eve"])
        defer { harness.close() }
        let good = CollectorHarness.sample(cpu: 1)
        await harness.collect { $0.engine.run(["alice", "bob", "eve"], .success(good)) }
        #expect(harness.published.current.readings.count == 3)
        for _ in 0..<3 {
            let readings = await harness.collect { parts in
                parts.engine.stats["bob"] = .failure(.notFound("No such container: bob"))
                parts.engine.stats["eve"] = .failure(.notRunning)
            }
            #expect(Set(readings.keys) == ["alice"])
        }
        #expect(!harness.exposition.contains(#"handle="bob""#))
        #expect(harness.written.all.count { $0.contains("went away") } == 2)
    }

    @Test("start/stop manages interval lifecycle")
    func lifecycle() async throws {
        let harness = try CollectorHarness(["alice"], intervalMilliseconds: 5)
        defer { harness.close() }
        let polls = Counting()
        await harness.on { parts in
            parts.engine.run(["alice"], .success(CollectorHarness.sample(cpu: 1)))
            parts.engine.onStats = { _ in polls.add() }
            parts.collector.start()
            parts.collector.start()
        }
        await polls.reached(3)
        #expect(await harness.on { $0.collector.isStarted && $0.engine.streams.count == 1 })
        await harness.on { $0.collector.stop() }
        #expect(await harness.on { !$0.collector.isStarted && $0.engine.streams[0].isCancelled })
        #expect(harness.published.current.readings.isEmpty)
        // The last poll may still have been under way: after it, none begins by itself.
        await harness.collect()
        let lists = await harness.on { $0.engine.lists }
        await harness.collect()
        #expect(await harness.on { $0.engine.lists } == lists + 1)
        await harness.on { $0.collector.start() }
        await polls.reached(polls.count + 2)
        #expect(await harness.on { $0.engine.streams.count } == 2)
    }

    @Test("Updates Prometheus gauges on each poll")
    func gauges() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        await harness.collect { parts in
            parts.engine.run(["alice"], .success(CollectorHarness.sample(cpu: 0)), health: .starting)
        }
        #expect(harness.shows(#"platform_engine_containers{state="running"} 1"#))
        #expect(harness.shows(#"platform_container_memory_bytes{handle="alice"} 2097152"#))
        #expect(harness.shows(#"platform_container_memory_limit_bytes{handle="alice"} 67108864"#))
        #expect(harness.shows(#"platform_container_network_receive_bytes_total{handle="alice"} 100"#))
        #expect(harness.shows(#"platform_container_network_transmit_bytes_total{handle="alice"} 50"#))
        #expect(harness.shows(#"platform_container_healthy{handle="alice"} 0"#))
        await harness.collect { parts in
            parts.clockNanoseconds += 1_000_000_000
            let sample = CollectorHarness.sample(cpu: 250_000_000, memory: 9 << 20)
            parts.engine.run(["alice"], .success(sample), health: .healthy)
        }
        #expect(harness.shows(#"platform_container_cpu_percent{handle="alice"} 25.0"#))
        #expect(harness.shows(#"platform_container_memory_bytes{handle="alice"} 8388608"#))
        #expect(harness.shows(#"platform_container_healthy{handle="alice"} 1"#))
        await harness.collect { $0.watched = [] }
        #expect(!harness.exposition.contains(#"handle="alice""#))
    }
}
