import Glibc

/// How far long work is: a bar on a terminal, a plain line now and then elsewhere.
package struct ProgressBar {
    private let title: String
    private let total: Int64
    private let unit: String?
    private let began = ProgressBar.nowMilliseconds
    private var shownPerMille: Int64 = -1
    private var done: Int64 = 0
    private var items: Int64 = 0

    /// A bar for `total` steps; 0: unknown, only the count is shown.
    ///
    /// With a `unit` the bar also counts things of that name: how many, how many a second, and how long the
    /// rest will take.
    package init(_ title: String, total: Int64, counting unit: String? = nil) {
        self.title = title
        self.total = total
        self.unit = unit
    }

    /// Moves on by `steps`, and by so many of the things that it counts.
    package mutating func advance(by steps: Int64 = 1, items: Int64 = 0) {
        done += steps
        self.items += items
        let perMille = total > 0 ? min(done * 1000 / total, 1000) : done / 100_000
        guard perMille != shownPerMille else { return }
        let isTenth = perMille / 100 != shownPerMille / 100
        shownPerMille = perMille
        if Terminal.isInteractive {
            Terminal.redraw(line(afterMilliseconds: Self.nowMilliseconds - began))
        } else if isTenth {
            Terminal.note(line(afterMilliseconds: Self.nowMilliseconds - began))
        }
    }

    /// Ends the line.
    package func finish() {
        if Terminal.isInteractive { Terminal.redraw("") }
    }

    /// The bar as text, so long after its beginning.
    package func line(afterMilliseconds elapsed: Int64) -> String {
        guard total > 0 else { return "\(title): \(done)" }
        let width: Int64 = 30
        let filled = Int(min(done * width / total, width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Int(width) - filled)
        let percent = min(done * 100 / total, 100)
        guard let unit else { return "\(title) \(bar) \(percent)% (\(done) of \(total))" }
        let perSecond = elapsed > 0 ? items * 1000 / elapsed : 0
        let rest = done > 0 ? (total - min(done, total)) * elapsed / done / 1000 : 0
        return "\(title) \(bar) \(percent)% (\(items) \(unit), \(perSecond)/s, \(Self.duration(rest)) left)"
    }

    /// `7 s`, `2 min 5 s` or `1 h 2 min`.
    private static func duration(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }

    private static var nowMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
