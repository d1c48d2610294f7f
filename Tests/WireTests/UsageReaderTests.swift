import JSON
import LedgerCore
import Testing

@testable import Wire

@Suite("UsageReader")
struct UsageReaderTests {
    @Test("finds the usage at the end of a body above the cap")
    func cap() throws {
        let filler = String(repeating: #"{"object":"embedding","embedding":[0.1]},"#, count: 5000)
        let text = #"{"data":[\#(filler)1],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}"#
        var reader = UsageReader(api: .embeddings, streamed: false, bodyBytesMax: 100_000)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 999) {
            reader.feed(Array(bytes[start..<min(start + 999, bytes.count)]))
        }
        let reading = reader.finish()
        #expect(reading.usage?.input == 8)
        #expect(reading.source == .providerFinal)
        #expect(reading.answerBytes == Int64(bytes.count))
    }

    @Test("reads nothing from a cut or empty body", arguments: ["", "{", #"{"usage":{"prompt_tokens":8"#])
    func cutBody(_ text: String) {
        var reader = UsageReader(api: .chatCompletions, streamed: false)
        reader.feed(Array(text.utf8))
        let reading = reader.finish()
        #expect(reading.usage == nil)
        #expect(reading.source == .none)
    }

    @Test("A batch's results need not end with a line feed; a line that is no JSON is a contradiction")
    func lines() {
        let line = #"{"custom_id":"a","result":{"message":{"model":"m","usage":{"input_tokens":3}}}}"#
        let texts: [(String, Int64, Bool)] = [
            (line, 3, false), ("\(line)\n\(line)", 6, false), ("{\n\(line)", 3, true),
        ]
        for (text, input, isInconsistent) in texts {
            var reader = UsageReader(api: .batchResults, streamed: false)
            reader.feed(Array(text.utf8))
            let reading = reader.finish()
            #expect(reading.usage?.input == input)
            #expect(reading.isInconsistent == isInconsistent)
        }
    }
}
