import Testing

@testable import LedgerRuntime

@Suite("CatchUpPace")
struct CatchUpPaceTests {
    private let second: UInt64 = 1_000_000_000

    @Test("Alone it goes on at full speed, in batches that grow")
    func alone() {
        var pace = CatchUpPace()
        for step in 1...11 {
            let now = UInt64(step) * second
            #expect(
                pace.restNanoseconds(journalEnd: 5_000, lag: 50_000, from: now - 1, to: now) == 0)
        }
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
    }

    @Test("Beside live traffic it rests in proportion to its work, and its batches are small")
    func besideLive() {
        var pace = CatchUpPace()
        _ = pace.restNanoseconds(journalEnd: 0, lag: 50_000, from: 0, to: second)
        let rest = pace.restNanoseconds(
            journalEnd: 1_000, lag: 50_000, from: 2 * second - 1_000_000, to: 2 * second)
        #expect(rest == 1_000_000 * CatchUpPace.restForWork)
        #expect(pace.eventsMax == CatchUpPace.eventsMaxBeside)
        // However long the work was, it goes on soon.
        let longest = pace.restNanoseconds(
            journalEnd: 9_000, lag: 50_000, from: 2 * second, to: 12 * second)
        #expect(longest == CatchUpPace.restNanosecondsMax)
    }

    @Test("Once nobody appends any more, or it keeps up, it rests no longer")
    func quietAgain() {
        var pace = CatchUpPace()
        _ = pace.restNanoseconds(journalEnd: 0, lag: 50_000, from: 0, to: second)
        #expect(pace.restNanoseconds(journalEnd: 900, lag: 50_000, from: second, to: 2 * second) > 0)
        #expect(pace.restNanoseconds(journalEnd: 1_900, lag: 1_000, from: second, to: 3 * second) == 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, lag: 50_000, from: second, to: 4 * second) > 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, lag: 50_000, from: second, to: 5 * second) == 0)
        #expect(pace.eventsMax == CatchUpPace.eventsMaxBeside * 2)
    }

    /// Live traffic for `seconds`, a batch of a tenth of a second every second, the lag as `lag` says;
    /// returns how long it rested each time.
    private func run(
        _ pace: inout CatchUpPace, _ seconds: ClosedRange<Int64>, lag: (Int64) -> Int64
    ) -> [UInt64] {
        seconds.map { step in
            let now = UInt64(step) * second
            return pace.restNanoseconds(
                journalEnd: step * 10_000, lag: lag(step), from: now - second / 10, to: now)
        }
    }

    private let resting = CatchUpPace.restNanosecondsMax

    @Test("Where the lag grows for ten seconds it tries full speed, and keeps to it while the lag shrinks")
    func growing() {
        var pace = CatchUpPace()
        #expect(run(&pace, 1...11) { 50_000 + $0 } == [0] + Array(repeating: resting, count: 10))
        #expect(run(&pace, 12...12) { 50_000 + $0 } == [0])
        #expect(run(&pace, 13...60) { 50_000 - $0 } == Array(repeating: 0, count: 48))
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
        // At the end of the lag it begins anew.
        _ = run(&pace, 61...61) { _ in 1_000 }
        #expect(run(&pace, 62...64) { 50_000 + $0 } == Array(repeating: resting, count: 3))
    }

    @Test("Where the lag grows even at full speed the callers go first, and full speed waits half an hour")
    func overrun() {
        var pace = CatchUpPace()
        _ = run(&pace, 1...12) { 50_000 + $0 }
        #expect(run(&pace, 13...21) { 50_000 + $0 } == Array(repeating: 0, count: 9))
        #expect(run(&pace, 22...1_821) { 50_000 + $0 } == Array(repeating: resting, count: 1_800))
        #expect(pace.eventsMax == CatchUpPace.eventsMaxBeside)
        #expect(run(&pace, 1_822...1_832) { 50_000 + $0 }.contains(0))
    }
}
