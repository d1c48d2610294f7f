import JSON
import LedgerCore
import LedgerRuntime
import TestSupport
import Testing

@testable import Gateway

@Suite("Wire corpus, runs of agents")
struct KernelCorpusTests {
    static let runs = (try? WireCorpus.exchanges().filter { $0.expected.run != nil }) ?? []

    @Test("A run's records come to what their file says, however they are cut", arguments: runs)
    func reads(_ exchange: WireExchange) throws {
        let whole = try end(of: [exchange.response[...]])
        #expect(WireExchange.Run(whole) == exchange.expected.run)
        for cut in exchange.response.indices {
            let pieces = [exchange.response[..<cut], exchange.response[cut...]]
            let end = try end(of: pieces)
            guard end != whole else { continue }
            Issue.record("read otherwise when cut after \(cut)")
            return
        }
    }

    @Test("A run costs what its file says", arguments: runs)
    func costs(_ exchange: WireExchange) throws {
        let prices = try PriceBookFile.parse(try WireCorpus.bytes("prices.json"), file: "prices.json")
        let time = try #require(Timestamp(Array(exchange.expected.at.utf8)))
        let cost = KernelCost(try end(of: [exchange.response[...]]), prices: prices, at: time).cost
        let amount = cost.state == .unpriced ? nil : cost.amount.decimalText
        #expect(
            WireExchange.Settled(costState: cost.state.rawValue, costUsd: amount)
                == exchange.expected.settled)
    }

    private func end(of pieces: [ArraySlice<UInt8>]) throws -> KernelEnd {
        var lines = LineSplitter(lineBytesMax: 1 << 20)
        var reader = StreamJSONReader(parser: JSONParser())
        var failure: KernelFailure?
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                _ = lines.feed(bytes) { line in
                    do throws(KernelFailure) { try reader.take(line) { _ in } } catch { failure = error }
                }
            }
        }
        #expect(failure == nil)
        return reader.end(withoutResult: KernelFailure(.exit, "no result"))
    }
}

extension WireExchange.Run {
    /// Says the end of a run in the corpus's words.
    init(_ end: KernelEnd) {
        self.init(
            models: (end.usage ?? []).map { used in
                var words: [String: Int64] = [:]
                for bucket in UsageBucket.allCases where used.usage[bucket] != 0 {
                    words[bucket.rawValue] = used.usage[bucket]
                }
                return WireExchange.RunModel(provider: used.provider, model: used.model, usage: words)
            }, reportedUsd: end.reportedCost?.decimalText, failure: end.failure.map { "\($0.code)" })
    }
}
