import LedgerCore

/// Moments as people write them on a command line.
enum TimeArgument {
    /// `30m`, `12h`, `7d` before `now`; a date; or a full time in UTC.
    static func moment(_ text: String, before now: Timestamp) throws(CommandFailure) -> Timestamp {
        if let day = Day(Array(text.utf8)) { return day.start }
        if let moment = Timestamp(Array(text.utf8)) { return moment }
        let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last, let seconds = units[last], let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        else {
            throw CommandFailure(
                ExitCode.usage, "\"\(text)\" is no time: 30m, 12h, 7d, 2026-11-24 or 2026-11-24T22:00:00Z")
        }
        return Timestamp(microseconds: now.microseconds - count * seconds * 1_000_000)
    }
}
