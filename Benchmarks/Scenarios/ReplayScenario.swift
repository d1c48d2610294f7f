import Files
import LedgerCore
import LedgerRuntime

/// Reads a journal from its start and folds every event into every projection.
struct ReplayScenario {
    private let settings: BenchmarkTool.Settings

    /// A replay of the journal under the settings' home.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Runs it and writes each user's sums beside the journal, for another program to compare.
    func run(verifyingChain: Bool) throws(BenchmarkError) -> Figures {
        let watch = Stopwatch()
        var view = LedgerView(origin: "bench")
        let replay = Replay(logsDirectory: settings.home + "/system/logs", origin: "bench")
        do throws(LedgerError) {
            try replay.run(verifyingChain: verifyingChain) { view.evolve($0) }
        } catch { throw .failed("\(error)") }
        let nanoseconds = watch.nanoseconds
        var text = ""
        for (user, usage) in view.usage.users.sorted(by: { $0.key.text < $1.key.text }) {
            let sums = usage.total
            text += "\(user.text),\(sums.calls),\(sums.cost.decimalText),"
            text += "\(sums.inputTokens),\(sums.outputTokens)\n"
        }
        do throws(FileError) {
            try POSIXFileSystem().writeWhole(Array(text.utf8), to: settings.home + "/sums.csv")
        } catch { throw .failed("\(error)") }
        var figures = Figures(verifyingChain ? "replay_chain" : "replay")
        figures.add(count: view.usage.position.value, of: "events", nanoseconds: nanoseconds)
        return figures
    }
}
