import Testing

@testable import Platform

@Suite("SampleSeries")
struct SampleSeriesTests {
    private func sample(_ cpu: UInt64, _ system: UInt64?, cpus: Int? = 2, memory: Int64 = 0) -> StatsSample {
        CollectorHarness.sample(cpu: cpu, system: system, cpus: cpus, memory: memory, inactive: 0)
    }

    /// Two samples, the second `passed` nanoseconds after the first.
    private func difference(_ first: StatsSample, _ second: StatsSample, passed: Int64) -> SampleSeries.Step?
    {
        var series = SampleSeries()
        #expect(series.take(first, atNanoseconds: 1_000) == nil)
        return series.take(second, atNanoseconds: 1_000 + passed)
    }

    @Test("A first sample has no rate")
    func first() {
        var series = SampleSeries()
        #expect(series.take(sample(5, 10), atNanoseconds: 0) == nil)
    }

    @Test("Recorded from Docker at a limit of half a core: 49.5 %")
    func recorded() throws {
        let first = try StatsSample(Array(RecordedEngine.first.utf8), isPodman: false)
        let second = try StatsSample(Array(RecordedEngine.second.utf8), isPodman: false)
        let step = try #require(difference(first, second, passed: 2_000_000_000))
        // used  1,600,416,953 − 580,707,914 = 1,019,709,039; system 32,058,560,000,000 − 32,054,440,000,000
        // = 4,120,000,000; × 2 processors × 100.
        #expect(abs((step.cpuPercent ?? 0) - 49.500_438_786_407_766) < 1e-9)
        #expect(step.cpuMilliseconds == 1019)
    }

    @Test("Recorded from Docker under cgroup v2 at a limit of half a core: 49.3 %")
    func cgroup2() throws {
        let first = try StatsSample(Array(RecordedCgroup2.first.utf8), isPodman: false)
        let second = try StatsSample(Array(RecordedCgroup2.second.utf8), isPodman: false)
        let step = try #require(difference(first, second, passed: 11_000_000_000))
        // used 14,420,128,000 − 9,354,604,000 = 5,065,524,000; system 213,650,000,000 − 193,100,000,000
        // = 20,550,000,000; × 2 processors × 100.
        #expect(abs((step.cpuPercent ?? 0) - 49.299_503_649_635_0) < 1e-9)
        #expect(step.cpuMilliseconds == 5065)
        // Both hold the file of 24 MiB: the means of what is left of 1,220,608 and 1,085,440, over 11 s.
        #expect(step.memoryMebibyteSeconds == 12)
    }

    @Test("Recorded from Podman at half a core: by the clock, whatever the machine's busy time says")
    func podman() throws {
        func percent(_ first: String, _ second: String, passed: Int64) throws -> Double {
            let first = try StatsSample(Array(first.utf8), isPodman: true)
            let second = try StatsSample(Array(second.utf8), isPodman: true)
            return try #require(difference(first, second, passed: passed)?.cpuPercent)
        }
        // `read`: 32.429736592 − 30.405670921 s; used 1,564,039,384 − 559,459,475 = 1,004,579,909.
        let cgroup1 = try percent(
            RecordedPodman.cgroup1First, RecordedPodman.cgroup1Second, passed: 2_024_065_671)
        #expect(abs(cgroup1 - 49.631_784_353_305_2) < 1e-9)
        // `read`: 4.671156310 − 2.065771120 s; used 4,882,886,000 − 3,567,737,000 = 1,315,149,000.
        let cgroup2 = try percent(
            RecordedPodman.cgroup2First, RecordedPodman.cgroup2Second, passed: 2_605_385_190)
        #expect(abs(cgroup2 - 50.478_102_241_764_88) < 1e-9)
    }

    @Test("Without a number of processors the clock alone counts, and one of them is no limit")
    func unknownProcessors() {
        #expect(
            difference(sample(0, nil, cpus: nil), sample(3_000, nil, cpus: nil), passed: 1_000)?.cpuPercent
                == 300)
        #expect(
            difference(sample(0, 100, cpus: nil), sample(500, 900, cpus: nil), passed: 1_000)?.cpuPercent
                == 50)
    }

    @Test("A counter that went back is like a first sample, and the one after it counts again")
    func restarted() {
        var series = SampleSeries()
        _ = series.take(sample(900, 1_000), atNanoseconds: 0)
        #expect(series.take(sample(100, 2_000), atNanoseconds: 10) == nil)
        #expect(series.take(sample(600, 3_000), atNanoseconds: 20)?.cpuPercent == 100)
    }

    @Test("A system counter that stands or goes back gives way to the clock")
    func standing() {
        #expect(difference(sample(0, 500), sample(250, 500), passed: 1_000)?.cpuPercent == 25)
        #expect(difference(sample(0, 500), sample(250, 400), passed: 1_000)?.cpuPercent == 25)
        #expect(difference(sample(0, nil), sample(250, nil), passed: 0)?.cpuPercent == nil)
    }

    @Test("No more than all processors can give, and no trap at the ends of the numbers")
    func ends() {
        #expect(difference(sample(0, 1), sample(.max, 2), passed: 1)?.cpuPercent == 200)
        #expect(difference(sample(0, nil), sample(.max, nil), passed: -5)?.cpuPercent == nil)
        let whole = difference(
            sample(0, 0, memory: .max), sample(.max, .max, memory: .max), passed: .max - 1_000)
        #expect(whole?.memoryMebibyteSeconds == .max)
        var series = SampleSeries()
        _ = series.take(sample(0, nil), atNanoseconds: .min)
        #expect(series.take(sample(1, nil), atNanoseconds: .max)?.cpuPercent == nil)
    }

    @Test("Many small uses add up exactly: rests are carried over")
    func rests() {
        var series = SampleSeries()
        _ = series.take(sample(0, nil, memory: 1 << 20), atNanoseconds: 0)
        var (cpu, memory): (Int64, Int64) = (0, 0)
        for turn in 1...1_000 {
            let step = series.take(
                sample(UInt64(turn) * 300_000, nil, memory: 1 << 20), atNanoseconds: Int64(turn) * 7_000_000)
            cpu += step?.cpuMilliseconds ?? 0
            memory += step?.memoryMebibyteSeconds ?? 0
        }
        // 1,000 × 0.3 ms, and 1 MiB over 1,000 × 7 ms.
        #expect(cpu == 300)
        #expect(memory == 7)
    }

    @Test("Memory is what is used without inactive file cache, and never below 0")
    func memory() {
        #expect(SampleSeries.memoryBytes(CollectorHarness.sample(cpu: 1)) == 2 << 20)
        #expect(SampleSeries.memoryBytes(CollectorHarness.sample(cpu: 1, memory: 5, inactive: 9)) == 0)
        #expect(SampleSeries.memoryBytes(CollectorHarness.sample(cpu: 1, memory: 0, inactive: .max)) == 0)
    }
}

@Suite("StatsConditions")
struct StatsConditionsTests {
    @Test("A condition begins once and ends once, and is forgotten with its container")
    func once() {
        var conditions = StatsConditions()
        let begins = [conditions.begins(.container("a")), conditions.begins(.container("a"))]
        #expect(begins == [true, false])
        let beginsEngine = conditions.begins(.engine)
        #expect(beginsEngine)
        conditions.forget(allBut: ["b"])
        let ends = [conditions.ends(.container("a")), conditions.ends(.engine), conditions.ends(.engine)]
        #expect(ends == [false, true, false])
    }
}
