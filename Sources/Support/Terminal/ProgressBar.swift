/// How far long work is: a bar on a terminal, a plain line now and then elsewhere.
package struct ProgressBar {
    private let title: String
    private let total: Int64
    private var shownPerMille: Int64 = -1
    private var done: Int64 = 0

    /// A bar for `total` steps; 0: unknown, only the count is shown.
    package init(_ title: String, total: Int64) {
        self.title = title
        self.total = total
    }

    /// Moves on by `steps`.
    package mutating func advance(by steps: Int64 = 1) {
        done += steps
        let perMille = total > 0 ? min(done * 1000 / total, 1000) : done / 100_000
        guard perMille != shownPerMille else { return }
        let isTenth = perMille / 100 != shownPerMille / 100
        shownPerMille = perMille
        if Terminal.isInteractive {
            Terminal.redraw(line)
        } else if isTenth {
            Terminal.note(line)
        }
    }

    /// Ends the line.
    package func finish() {
        if Terminal.isInteractive { Terminal.redraw("") }
    }

    private var line: String {
        guard total > 0 else { return "\(title): \(done)" }
        let width: Int64 = 30
        let filled = Int(min(done * width / total, width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Int(width) - filled)
        return "\(title) \(bar) \(min(done * 100 / total, 100))% (\(done) of \(total))"
    }
}
