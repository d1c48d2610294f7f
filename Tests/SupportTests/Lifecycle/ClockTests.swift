import Lifecycle
import Testing

@Suite("Clock and RandomSource")
struct ClockTests {
    @Test("the system's clocks read this century and never fall")
    func systemClocks() {
        let clock = Clock.system
        #expect(clock.nowMicroseconds() > 1_700_000_000_000_000)
        let readings = (0..<1_000).map { _ in clock.monotonicNanoseconds() }
        #expect(zip(readings, readings.dropFirst()).allSatisfy(<=))
    }

    @Test("a test's own clock is a pair of closures")
    func ownClock() {
        let clock = Clock(nowMicroseconds: { 7 }, monotonicNanoseconds: { 8 })
        #expect(clock.nowMicroseconds() == 7)
        #expect(clock.monotonicNanoseconds() == 8)
    }

    @Test(
        "the system's random bytes come in any length and never repeat",
        arguments: [0, 1, 7, 8, 9, 16, 1_000])
    func randomBytes(_ count: Int) {
        let bytes = RandomSource.system.bytes(count)
        #expect(bytes.count == count)
        #expect(count < 16 || bytes != RandomSource.system.bytes(count))
    }
}
