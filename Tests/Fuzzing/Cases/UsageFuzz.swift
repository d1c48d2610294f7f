import LedgerCore
import Wire

/// A reading is the same however the answer is cut, and what is read can be priced or is said to be wrong.
///
/// The first byte chooses the API, the second whether the answer is streamed and where it is cut.
enum UsageFuzz {
    /// Those that the corpus names by their place stay there; every other kind comes behind them.
    private static let kinds: [APIKind] = {
        let first: [APIKind] = [
            .messages, .chatCompletions, .responses, .embeddings, .geminiGenerate, .geminiStreamGenerate,
            .geminiEmbed, .messageBatches, .countTokens, .other, .batchResults, .retrieval,
        ]
        return first + APIKind.allCases.filter { !first.contains($0) }
    }()

    static func complaint(about bytes: [UInt8]) -> String? {
        guard bytes.count > 2 else { return nil }
        let kind = kinds[Int(bytes[0]) % kinds.count]
        let isStreamed = bytes[1] & 1 == 1
        let answer = bytes[2...]
        let cut = answer.startIndex + Int(bytes[1] >> 1) % (answer.count + 1)
        let reading = reading(kind, isStreamed, [answer])
        guard self.reading(kind, isStreamed, [answer[..<cut], answer[cut...]]) == reading else {
            return "\(kind): cut at \(cut - 2), another usage is read"
        }
        guard let usage = reading.usage else {
            return reading.parts.isEmpty ? nil : "\(kind): parts of nothing"
        }
        // What an answer used was recorded when it was made: read again, it has no figures.
        guard kind != .retrieval else { return "a retrieval counts tokens" }
        for bucket in UsageBucket.allCases where usage[bucket] < 0 { return "\(kind): \(bucket) is negative" }
        guard !reading.parts.isEmpty, usage.isPlausible else { return nil }
        var sum = Usage()
        for part in reading.parts { sum.add(part.usage) }
        guard sum == usage || reading.isInconsistent else { return "\(kind): the parts are not the whole" }
        return nil
    }

    private static func reading(
        _ kind: APIKind, _ isStreamed: Bool, _ pieces: [ArraySlice<UInt8>]
    ) -> UsageReading {
        var reader = UsageReader(api: kind, streamed: isStreamed)
        for piece in pieces { piece.withUnsafeBytes { reader.feed($0) } }
        return reader.finish()
    }
}
