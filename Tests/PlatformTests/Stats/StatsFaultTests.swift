import Logging
import TestSupport
import Testing
import Threads

@testable import Platform

@Suite("StatsCollector under faults")
struct StatsFaultTests {
    private let good = CollectorHarness.sample(cpu: 0)

    @Test(
        "An engine that refuses a container or does not answer costs that one its series, said once",
        arguments: [
            EngineError.refused(status: 500, message: "boom"), .timedOut, .unreachable("gone"),
            .malformed("x"),
        ])
    func refused(_ error: EngineError) async throws {
        let harness = try CollectorHarness(["alice", "bob"])
        defer { harness.close() }
        let good = good
        await harness.collect { $0.engine.run(["alice", "bob"], .success(good)) }
        for _ in 0..<3 {
            let readings = await harness.collect { $0.engine.stats["bob"] = .failure(error) }
            #expect(Set(readings.keys) == ["alice"])
        }
        #expect(!harness.exposition.contains(#"handle="bob""#))
        #expect(harness.written.all.count { $0.contains("cannot be measured") } == 1)
        // Back again: the share is over the whole time since its last sample.
        let readings = await harness.collect { parts in
            parts.clockNanoseconds += 1_000
            parts.engine.stats["bob"] = .success(CollectorHarness.sample(cpu: 500))
        }
        #expect(readings["bob"]?.cpuPercent == 50)
        #expect(harness.written.all.count { $0.contains("can be measured again") } == 1)
    }

    @Test("An engine that does not list costs all their series, said once, and comes back")
    func unlisted() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        let good = good
        await harness.collect { $0.engine.run(["alice"], .success(good)) }
        for _ in 0..<3 {
            #expect(await harness.collect { $0.engine.containers = .failure(.timedOut) }.isEmpty)
        }
        #expect(!harness.exposition.contains("platform_engine_containers{"))
        #expect(harness.written.all.count { $0.contains("does not list containers") } == 1)
        #expect(await harness.collect { $0.engine.run(["alice"], .success(good)) }.count == 1)
        #expect(harness.written.all.count { $0.contains("lists containers again") } == 1)
    }

    @Test("A poll that is still under way is not begun again, and the skipped one is counted")
    func skipped() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        let asked = Counting()
        await harness.on { parts in
            parts.engine.run(["alice"], nil)
            parts.engine.onStats = { _ in asked.add() }
            parts.collector.collectOnce()
        }
        await asked.reached(1)
        let good = good
        let readings = await harness.collect { parts in
            parts.collector.collectOnce()
            parts.engine.release(.success(good))
        }
        #expect(readings.count == 1)
        #expect(asked.count == 1)
        #expect(harness.published.current.pollsSkipped == 2)
        #expect(harness.published.current.polls == 1)
        #expect(harness.shows("platform_stats_polls_skipped_total 2"))
    }

    @Test("One that dies in mid-poll, after it was measured, has no reading")
    func diesAfter() async throws {
        let harness = try CollectorHarness(["alice", "bob"])
        defer { harness.close() }
        let asked = Counting()
        await harness.on { parts in
            parts.collector.start()
            parts.engine.run(["alice", "bob"], nil)
            parts.engine.onStats = { _ in asked.add() }
        }
        await asked.reached(2)
        let good = good
        let readings = await harness.collect { parts in
            parts.engine.streams[0].onEvent(EngineEvent(id: "bob", action: .die, exitCode: 137))
            parts.engine.release(.success(good))
        }
        #expect(Set(readings.keys) == ["alice"])
        // And one that dies between two polls loses it at once.
        await harness.on { $0.engine.streams[0].onEvent(EngineEvent(id: "alice", action: .die)) }
        #expect(harness.published.current.readings.isEmpty)
        #expect(await harness.on { $0.events.map(\.id) } == ["bob", "alice"])
    }

    @Test("A container restarted within one interval starts its rate anew, even with a higher counter")
    func restartedUnseen() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        let good = good
        await harness.collect { parts in
            parts.engine.run(["alice"], .success(good))
            parts.collector.start()
        }
        let readings = await harness.collect { parts in
            parts.clockNanoseconds += 1_000
            parts.engine.streams[0].onEvent(EngineEvent(id: "alice", action: .start))
            parts.engine.stats["alice"] = .success(CollectorHarness.sample(cpu: 900))
        }
        #expect(readings["alice"] != nil)
        #expect(readings["alice"]?.cpuPercent == nil)
        #expect(await harness.on { $0.usages } == [])
    }

    @Test("A clock that jumps changes no share where the system counter is there")
    func jump() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        await harness.collect {
            $0.engine.run(["alice"], .success(CollectorHarness.sample(cpu: 0, system: 1_000)))
        }
        let readings = await harness.collect { parts in
            parts.clockNanoseconds += 3_600_000_000_000
            parts.engine.stats["alice"] = .success(CollectorHarness.sample(cpu: 250, system: 2_000))
        }
        #expect(readings["alice"]?.cpuPercent == 50)
        let back = await harness.collect { parts in
            parts.clockNanoseconds = 0
            parts.engine.stats["alice"] = .success(CollectorHarness.sample(cpu: 500, system: 3_000))
        }
        #expect(back["alice"]?.cpuPercent == 50)
    }

    @Test("What was used between samples is told for the bill, and nothing for the first")
    func usage() async throws {
        let harness = try CollectorHarness(["alice"])
        defer { harness.close() }
        let good = good
        await harness.collect { $0.engine.run(["alice"], .success(good)) }
        #expect(await harness.on { $0.usages } == [])
        await harness.collect { parts in
            parts.clockNanoseconds += 10_000_000_000
            // 2 MiB before, 6 MiB now: 4 MiB in the mean, over 10 s.
            parts.engine.stats["alice"] = .success(
                CollectorHarness.sample(cpu: 1_500_000_000, memory: 7 << 20))
        }
        let usages = await harness.on { $0.usages }
        #expect(usages.map(\.cpuMilliseconds) == [1_500])
        #expect(usages.map(\.memoryMebibyteSeconds) == [40])
        #expect(usages.map(\.user.text) == ["alice"])
    }

    @Test("A container that is listed as stopped is not asked")
    func stopped() async throws {
        let harness = try CollectorHarness(["alice", "bob"])
        defer { harness.close() }
        let good = good
        let readings = await harness.collect { parts in
            parts.engine.run(["alice"], .success(good))
            guard case .success(var containers) = parts.engine.containers else { return }
            containers.append(EngineContainer(id: "bob", name: "bob", image: "i", state: .exited))
            parts.engine.containers = .success(containers)
        }
        #expect(Set(readings.keys) == ["alice"])
        #expect(await harness.on { $0.engine.asked } == ["alice"])
        #expect(harness.shows(#"platform_engine_containers{state="exited"} 1"#))
    }
}

@Suite("EventWatch")
struct EventWatchTests {
    @Test("A stream that broke off is opened again, and the list is looked at")
    func reconnects() async throws {
        let harness = try CollectorHarness([])
        defer { harness.close() }
        let reconnects = Counting()
        let events = Counting()
        let watch = await harness.on { parts in
            Confined(
                EventWatch(
                    engine: parts.engine, on: parts.engine.loop, label: "a", log: .silent,
                    firstMilliseconds: 1, onEvent: { _ in events.add() },
                    onReconnect: { reconnects.add() }))
        }
        for round in 1...4 {
            await harness.on { $0.engine.streams.last?.onEnd(round == 2 ? nil : .unreachable("x")) }
            await reconnects.reached(round)
        }
        await harness.on { parts in parts.engine.streams.last?.onEvent(EngineEvent(id: "x", action: .oom)) }
        await events.reached(1)
        #expect(await harness.on { $0.engine.streams.count } == 5)
        await harness.on { parts in
            watch.value.cancel()
            #expect(parts.engine.streams.last?.isCancelled == true)
        }
    }
}
