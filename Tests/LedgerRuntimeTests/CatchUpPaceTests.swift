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
                pace.restNanoseconds(journalEnd: 5_000, isBehind: true, from: now - 1, to: now) == 0)
        }
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
    }

    @Test("Beside live traffic it rests in proportion to its work, and its batches are small")
    func besideLive() {
        var pace = CatchUpPace()
        _ = pace.restNanoseconds(journalEnd: 0, isBehind: true, from: 0, to: second)
        let rest = pace.restNanoseconds(
            journalEnd: 1_000, isBehind: true, from: 2 * second - 1_000_000, to: 2 * second)
        #expect(rest == 1_000_000 * CatchUpPace.restForWork)
        #expect(pace.eventsMax == CatchUpPace.eventsMaxBeside)
        // However long the work was, it goes on soon.
        let longest = pace.restNanoseconds(
            journalEnd: 9_000, isBehind: true, from: 2 * second, to: 12 * second)
        #expect(longest == CatchUpPace.restNanosecondsMax)
    }

    @Test("Once nobody appends any more, or it keeps up, it rests no longer")
    func quietAgain() {
        var pace = CatchUpPace()
        _ = pace.restNanoseconds(journalEnd: 0, isBehind: true, from: 0, to: second)
        #expect(pace.restNanoseconds(journalEnd: 900, isBehind: true, from: second, to: 2 * second) > 0)
        #expect(pace.restNanoseconds(journalEnd: 1_900, isBehind: false, from: second, to: 3 * second) == 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, isBehind: true, from: second, to: 4 * second) > 0)
        #expect(pace.restNanoseconds(journalEnd: 2_900, isBehind: true, from: second, to: 5 * second) == 0)
        #expect(pace.eventsMax == CatchUpPace.eventsMaxAlone)
    }
}
