import Crypto
import LedgerCore
import Testing

@testable import Proxy

@Suite("Tries that failed")
struct FailedTriesTests {
    private static let request = SHA256.hash(of: "a request")
    private static let age = FailedTries.ageMaxNanoseconds

    private static func call(_ number: UInt128) -> UniqueID { UniqueID(bits: number) }

    @Test("a try follows the one before it, and the one after that stands for the same first call")
    func follows() {
        var tries = FailedTries()
        tries.add(Self.request, attempt: 1, first: Self.call(1), at: 0)
        #expect(tries.take(SHA256.hash(of: "another"), before: 2, at: 1) == nil)
        #expect(tries.take(Self.request, before: 2, at: 1) == Self.call(1))
        #expect(tries.take(Self.request, before: 2, at: 1) == nil, "it was followed")
        tries.add(Self.request, attempt: 2, first: Self.call(1), at: 2)
        #expect(tries.take(Self.request, before: 2, at: 3) == nil, "the second is not before the second")
        #expect(tries.take(Self.request, before: 3, at: 3) == Self.call(1))
    }

    @Test("a try that did not come by here is skipped")
    func skips() {
        var tries = FailedTries()
        tries.add(Self.request, attempt: 1, first: Self.call(1), at: 0)
        tries.add(Self.request, attempt: 3, first: Self.call(2), at: 0)
        #expect(tries.take(Self.request, before: 100, at: 1) == Self.call(2))
        #expect(tries.take(Self.request, before: 100, at: 1) == Self.call(1))
    }

    @Test("of equal requests each is followed once")
    func equals() {
        var tries = FailedTries()
        for number in 1...3 { tries.add(Self.request, attempt: 1, first: Self.call(UInt128(number)), at: 0) }
        let found = (0..<4).map { _ in tries.take(Self.request, before: 2, at: 1) }
        #expect(Set(found) == [Self.call(1), Self.call(2), Self.call(3), nil])
    }

    @Test(
        "a try is known for five minutes, and for ten at most",
        arguments: [
            (0, true), (age - 1, true), (age, true), (2 * age - 1, true), (2 * age, false), (9 * age, false),
        ] as [(UInt64, Bool)])
    func ages(_ nanoseconds: UInt64, _ isKnown: Bool) {
        var tries = FailedTries()
        let start: UInt64 = 10 * Self.age
        tries.add(Self.request, attempt: 1, first: Self.call(1), at: start)
        #expect((tries.take(Self.request, before: 2, at: start + nanoseconds) != nil) == isKnown)
    }

    @Test("the newest tries are known, however many come")
    func bounded() {
        var tries = FailedTries()
        func request(_ number: Int) -> Digest { SHA256.hash(of: "\(number)") }
        let all = 3 * FailedTries.countMax
        for number in 0..<all {
            tries.add(request(number), attempt: 1, first: Self.call(UInt128(number)), at: 1)
        }
        let known = (0..<all).filter { tries.take(request($0), before: 2, at: 1) != nil }
        #expect(known == Array((all - 2 * FailedTries.countMax)..<all))
    }
}
