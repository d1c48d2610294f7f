package import LedgerCore

/// The beginning of a line in the journal of one day, as clients carry it between two requests.
package struct JournalPlace: Hashable, Sendable {
    /// The day.
    package let day: Day
    /// The day's segment.
    package let segmentNumber: Int
    /// The line's first byte in the segment.
    package let byteOffset: Int

    /// Creates a place.
    package init(day: Day, segmentNumber: Int, byteOffset: Int) {
        self.day = day
        self.segmentNumber = segmentNumber
        self.byteOffset = byteOffset
    }

    /// `2026-11-24.0.81920`.
    package var text: String { "\(day.text).\(segmentNumber).\(byteOffset)" }

    /// Reads the one spelling that ``text`` has; nil for any other.
    ///
    /// Whether a line begins there is the reader's to say.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.count == 3, let day = Day(parts[0].utf8),
            let segmentNumber = Int(parts[1]), let byteOffset = Int(parts[2]), segmentNumber >= 0,
            byteOffset >= 0
        else { return nil }
        self.init(day: day, segmentNumber: segmentNumber, byteOffset: byteOffset)
        guard self.text == text else { return nil }
    }
}

/// Some lines of one day, in the journal's order.
package struct JournalPage: Hashable, Sendable {
    /// The lines, without their newlines.
    package internal(set) var lines: [[UInt8]] = []
    /// Where to go on; nil: nothing durable follows.
    package internal(set) var next: JournalPlace?
}

/// Why a day was not read.
package enum DayReadError: Error, Hashable {
    /// No line of the day begins at this place.
    case noSuchPlace
    /// The files are not as they were written; the text says what is wrong.
    case unreadable(String)
}
