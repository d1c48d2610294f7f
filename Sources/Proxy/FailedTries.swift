import Crypto
import LedgerCore

/// Calls that did not end well, so that the next try of the same request is known as one.
///
/// A try is forgotten once it was followed by another, which stands in its place when that fails too: of
/// equal requests each has its own tries. Two generations bound it in number and time: the older one is
/// dropped whole when the younger is full or has its age.
struct FailedTries {
    /// As many tries as one generation holds.
    static let countMax = 8_192
    /// How long one generation is the younger one: a try is known for as long at least, and twice at most.
    static let ageMaxNanoseconds: UInt64 = 300_000_000_000

    private struct Key: Hashable {
        let request: Digest
        let attempt: Int64
    }

    private var younger: [Key: [UniqueID]] = [:]
    private var older: [Key: [UniqueID]] = [:]
    private var youngerCount = 0
    private var youngerSince: UInt64 = 0

    /// Notes that try `attempt` of `request` failed; `first` is the call that was its first.
    mutating func add(_ request: Digest, attempt: Int64, first: UniqueID, at nanoseconds: UInt64) {
        age(to: nanoseconds)
        if youngerCount == Self.countMax { turn(at: nanoseconds) }
        younger[Key(request: request, attempt: attempt), default: []].append(first)
        youngerCount += 1
    }

    /// The first call of the request that `attempt` is a further try of; nil where it is not known.
    ///
    /// A try between the two that did not come by here is skipped.
    mutating func take(_ request: Digest, before attempt: Int64, at nanoseconds: UInt64) -> UniqueID? {
        age(to: nanoseconds)
        for earlier in (1..<attempt).reversed() {
            let key = Key(request: request, attempt: earlier)
            if let first = Self.take(key, from: &younger) {
                youngerCount -= 1
                return first
            }
            if let first = Self.take(key, from: &older) { return first }
        }
        return nil
    }

    private static func take(_ key: Key, from tries: inout [Key: [UniqueID]]) -> UniqueID? {
        guard let first = tries[key]?.popLast() else { return nil }
        if tries[key]?.isEmpty == true { tries[key] = nil }
        return first
    }

    private mutating func age(to nanoseconds: UInt64) {
        let age = nanoseconds - min(youngerSince, nanoseconds)
        guard age >= Self.ageMaxNanoseconds else { return }
        turn(at: nanoseconds)
        if age >= 2 * Self.ageMaxNanoseconds { older = [:] }
    }

    private mutating func turn(at nanoseconds: UInt64) {
        older = younger
        younger = [:]
        youngerCount = 0
        youngerSince = nanoseconds
    }
}
