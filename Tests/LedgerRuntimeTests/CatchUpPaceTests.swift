import Testing

@testable import LedgerRuntime

@Suite("CatchUpPace")
struct CatchUpPaceTests {
    private let second: UInt64 = 1_000_000_000

    @Test("Alone it goes on at full speed, in large batches")
    func alone() {
        var pace = CatchUpPace()
        for step in 1...10 {
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
        #expect(rest == 1_000_000 * CatchUpPace.restForWorkMax)
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
        #expect(pace.restNanoseconds(journalEnd: 1_900, lag: 10, from: second, to: 3 * second) == 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, lag: 50_000, from: second, to: 4 * second) > 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, lag: 50_000, from: second, to: 5 * second) == 0)
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
    }

    @Test("Where the lag grows all the same it rests less each time, and then works as if alone")
    func overrun() {
        var pace = CatchUpPace()
        var rests: [UInt64] = []
        for step in 1...4 as ClosedRange<Int64> {
            let now = UInt64(step) * second
            rests.append(
                pace.restNanoseconds(
                    journalEnd: step * 10_000, lag: 5_000 + step, from: now - 1_000_000, to: now))
        }
        #expect(rests == [0, 1_000_000, 0, 0])
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
    }
}
