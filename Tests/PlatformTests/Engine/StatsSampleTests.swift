import Testing

@testable import Platform

@Suite("StatsSample")
struct StatsSampleTests {
    private func sample(_ text: String, isPodman: Bool = false) throws -> StatsSample {
        try StatsSample(Array(text.utf8), isPodman: isPodman)
    }

    @Test("Docker under cgroup v1, recorded: the figures that stand in the body")
    func cgroup1() throws {
        #expect(
            try sample(RecordedEngine.first)
                == StatsSample(
                    cpuNanoseconds: 580_707_914, systemNanoseconds: 32_054_440_000_000, onlineCPUs: 2,
                    memoryUsageBytes: 520_192, memoryInactiveFileBytes: 0, memoryLimitBytes: 67_108_864))
    }

    @Test("Docker under cgroup v2, recorded: inactive_file by its other name")
    func cgroup2() throws {
        let sample = try sample(RecordedCgroup2.second)
        #expect(
            sample
                == StatsSample(
                    cpuNanoseconds: 14_420_128_000, systemNanoseconds: 213_650_000_000, onlineCPUs: 2,
                    memoryUsageBytes: 26_251_264, memoryInactiveFileBytes: 25_165_824,
                    memoryLimitBytes: 268_435_456, receivedBytes: 1_560, transmittedBytes: 378))
        // The file of 24 MiB can be taken back: 26,251,264 − 25,165,824.
        #expect(SampleSeries.memoryBytes(sample) == 1_085_440)
    }

    @Test("All networks are summed")
    func networks() throws {
        let text =
            #"{"cpu_stats":{"cpu_usage":{"total_usage":1}},"memory_stats":{"usage":1},"networks":{"#
            + #""eth0":{"rx_bytes":1000,"tx_bytes":200},"eth1":{"rx_bytes":24,"tx_bytes":56}}}"#
        let sample = try sample(text)
        #expect(sample.receivedBytes == 1024)
        #expect(sample.transmittedBytes == 256)
    }

    @Test("Podman under cgroup v1, recorded: the machine's busy time is no base for a share, and is left out")
    func podman1() throws {
        #expect(
            try sample(RecordedPodman.cgroup1First, isPodman: true)
                == StatsSample(
                    cpuNanoseconds: 559_459_475, systemNanoseconds: nil, onlineCPUs: 2,
                    memoryUsageBytes: 421_888, memoryInactiveFileBytes: 0, memoryLimitBytes: 67_108_864,
                    receivedBytes: 0, transmittedBytes: 0))
    }

    @Test("Podman under cgroup v2, recorded: how many processors there are is not known")
    func podman2() throws {
        #expect(
            try sample(RecordedPodman.cgroup2Second, isPodman: true)
                == StatsSample(
                    cpuNanoseconds: 4_882_886_000, systemNanoseconds: nil, onlineCPUs: nil,
                    memoryUsageBytes: 61_440, memoryInactiveFileBytes: 0, memoryLimitBytes: 268_435_456,
                    receivedBytes: 0, transmittedBytes: 0))
    }

    @Test("A stopped container is not running: Docker's zeros and Podman's empty body")
    func stopped() {
        #expect(throws: EngineError.notRunning) { try sample(RecordedEngine.stopped) }
        #expect(throws: EngineError.notRunning) { try sample("", isPodman: true) }
        #expect(throws: EngineError.notRunning) { try sample("\r\n", isPodman: true) }
    }

    @Test("Counters beyond Int64 are read whole; numbers of bytes stop at what can be written down")
    func large() throws {
        let text =
            #"{"cpu_stats":{"cpu_usage":{"total_usage":18446744073709551615,"percpu_usage":[1,2,3]}},"#
            + #""memory_stats":{"usage":18446744073709551615,"limit":18446744073709551615},"#
            + #""networks":{"a":{"rx_bytes":9223372036854775807},"b":{"rx_bytes":1}}}"#
        let sample = try sample(text)
        #expect(sample.cpuNanoseconds == .max)
        #expect(sample.onlineCPUs == 3)
        #expect(sample.memoryUsageBytes == .max)
        #expect(sample.memoryLimitBytes == .max)
        #expect(sample.receivedBytes == .max)
        #expect(sample.transmittedBytes == 0)
    }

    @Test(
        "What is not as its API says is malformed, never a number",
        arguments: [
            "[]", "nonsense", "{}", #"{"cpu_stats":7}"#, #"{"cpu_stats":{"cpu_usage":{"total_usage":-1}}}"#,
            #"{"cpu_stats":{"cpu_usage":{"total_usage":1.5}}}"#,
            #"{"cpu_stats":{"cpu_usage":{"total_usage":"1"}}}"#,
            #"{"cpu_stats":{"cpu_usage":{"total_usage":1}},"memory_stats":{}}"#,
            #"{"cpu_stats":{"cpu_usage":{"total_usage":1}},"memory_stats":{"usage":-5}}"#,
        ])
    func malformed(_ text: String) {
        let error = #expect(throws: EngineError.self) { try sample(text) }
        guard case .malformed = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test("Every cut of a recorded body is refused")
    func cuts() {
        let whole = Array(RecordedEngine.first.utf8)
        for length in 1..<whole.count {
            #expect(throws: EngineError.malformed("statistics: not JSON")) {
                try StatsSample(Array(whole[..<length]), isPodman: false)
            }
        }
    }
}
