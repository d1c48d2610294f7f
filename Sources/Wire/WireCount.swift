package import JSON
package import LedgerCore

/// Reads token counts and does sums with them; notes what cannot be true.
package struct WireCount {
    /// Whether a count was negative, no integer, or too large to be one.
    package private(set) var isInconsistent = false
    /// Whether a figure was no count, so that what it should have said is not known.
    package private(set) var hasUnreadable = false

    /// Creates a reader that has seen nothing.
    package init() {}

    /// Returns the count; nil when it is absent, `null` or no count, which is not 0.
    package mutating func read(_ value: JSONValue?) -> Int64? {
        guard let value, !value.isNull else { return nil }
        guard let count = value.int64, count >= 0 else {
            isInconsistent = true
            hasUnreadable = true
            return nil
        }
        expect(count <= Usage.countMax)
        return count
    }

    /// Sets `count` if the field is there, and returns whether it is.
    ///
    /// Usage in streams is cumulative, and what a later event omits stays.
    @discardableResult
    package mutating func update(_ count: inout Int64?, _ value: JSONValue?) -> Bool {
        guard let read = read(value) else { return false }
        count = read
        return true
    }

    /// Returns `count`, or 0 when it is negative.
    package mutating func notNegative(_ count: Int64) -> Int64 {
        guard count < 0 else { return count }
        isInconsistent = true
        return 0
    }

    /// Returns the sum, or the largest integer.
    package mutating func sum(_ counts: Int64...) -> Int64 {
        var sum: Int64 = 0
        for count in counts {
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else {
                isInconsistent = true
                return .max
            }
            sum = next
        }
        return sum
    }

    /// Returns the sums of two usages, bucket by bucket.
    package mutating func sum(_ left: Usage, _ right: Usage) -> Usage {
        var sum = left
        for bucket in UsageBucket.allCases { sum[bucket] = self.sum(left[bucket], right[bucket]) }
        sum.reasoning = self.sum(left.reasoning, right.reasoning)
        return sum
    }

    /// Returns what is left of `whole` without `parts`, none of them negative; 0 when they are more than the
    /// whole.
    package mutating func rest(of whole: Int64, without parts: Int64...) -> Int64 {
        var left = whole
        for part in parts { left = left < part ? -1 : left - part }
        return notNegative(left)
    }

    /// Notes a contradiction unless `condition` holds.
    package mutating func expect(_ condition: Bool) { if !condition { isInconsistent = true } }
}
