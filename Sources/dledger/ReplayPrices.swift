import JSON
import LedgerCore
import LedgerJournal
import LedgerRuntime
import Terminal

/// `dledger replay --prices FILE`: what everything would cost by other prices; changes nothing.
struct ReplayPrices {
    private let settings: Settings
    private let book: PriceBook
    private let dimensions: [String]

    /// What-if by the price file at `path`, kept apart `by` user, model or both.
    init(_ settings: Settings, path: String, by dimensions: String) throws(CommandFailure) {
        self.settings = settings
        book = try PriceSource.load(path, naming: "--prices").book
        self.dimensions = dimensions.split(separator: ",").map(String.init)
        guard !self.dimensions.isEmpty, self.dimensions.allSatisfy({ ["user", "model"].contains($0) }) else {
            throw CommandFailure(ExitCode.usage, "--by is user, model or user,model, not \"\(dimensions)\"")
        }
    }

    /// Reads the journal twice and shows the sums of what was recorded before `end`.
    func run(before end: Timestamp?, isJSON: Bool) throws(CommandFailure) {
        var scope = Rerating.Scope()
        scope.until = end
        var rerating = Rerating(scope, by: book)
        var bar = ProgressBar("replay", total: 2 * (try JournalSize.bytes(settings)))
        do throws(LedgerError) {
            for isFirst in [true, false] {
                try LedgerSource.replay(settings).lines { line throws(LedgerError) in
                    bar.advance(by: Int64(line.bytes.count) + 1)
                    let event = try Replay.decode(line)
                    guard end.map({ event.timestamp < $0 }) ?? true else { return }
                    if isFirst { rerating.note(event) } else { rerating.take(event) }
                }
            }
        } catch { throw LedgerSource.failure(error) }
        bar.finish()
        var sums: [[String]: Rerating.Sums] = [:]
        for (key, value) in rerating.sums {
            let group = dimensions.map { $0 == "user" ? key.user.text : key.model }
            sums[group, default: Rerating.Sums()].add(value)
        }
        Terminal.write(isJSON ? json(sums) : RerateReport(sums, by: dimensions).table)
    }

    private func json(_ sums: [[String]: Rerating.Sums]) -> [UInt8] {
        let text = JSONText.object { json in
            json.member("priceBook", book.hash)
            json.key("rows")
            json.array { json in
                for (key, value) in sums.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                    json.object { json in
                        for (dimension, name) in zip(dimensions, key) { json.member(dimension, name) }
                        value.write(to: &json)
                    }
                }
            }
        }
        return text + [UInt8(ascii: "\n")]
    }
}
