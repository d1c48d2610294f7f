package import LedgerCore

/// The name of one journal file.
///
/// A day's files are `2026-11-24.jsonl`, `2026-11-24.1.jsonl`, `2026-11-24.2.jsonl` and so on. Names are
/// ordered by day and number, never as text: `.10.` comes after `.9.`.
package struct SegmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let day: Day
    /// 0 for the day's first segment.
    package let number: Int

    package init(day: Day, number: Int) {
        self.day = day
        self.number = number
    }

    /// Reads a file name; nil for every file that is not a segment.
    package init?(_ fileName: String) {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, parts.last == "jsonl", let day = Day(parts[0].utf8)
        else {
            return nil
        }
        self.day = day
        guard parts.count == 3 else {
            number = 0
            return
        }
        guard let number = Int(parts[1]), number > 0, String(number) == parts[1] else { return nil }
        self.number = number
    }

    /// The file name.
    package var description: String { number == 0 ? "\(day.text).jsonl" : "\(day.text).\(number).jsonl" }

    /// The segment to start after this one for an append on `day`.
    ///
    /// Days never decrease: when the clock went back, the segment's own day goes on.
    func next(on day: Day) -> SegmentName {
        day > self.day ? SegmentName(day: day, number: 0) : SegmentName(day: self.day, number: number + 1)
    }

    package static func < (left: SegmentName, right: SegmentName) -> Bool {
        (left.day, left.number) < (right.day, right.number)
    }
}
