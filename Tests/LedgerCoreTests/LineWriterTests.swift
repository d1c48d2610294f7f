import LedgerCore
import Testing

@Suite("LineWriter, lists of objects")
struct LineWriterTests {
    private func line(_ values: [Int64]) -> String {
        var line = LineWriter(appendingTo: [])
        line.objects("list", values) { fields, value in
            fields.field("a", value)
            fields.field("b", "x")
        }
        line.field("after", 1)
        return String(decoding: line.finish(), as: UTF8.self)
    }

    @Test("commas stand between objects, between fields and behind the list")
    func commas() {
        #expect(line([]) == #"{"list":[],"after":1}"#)
        #expect(line([1]) == #"{"list":[{"a":1,"b":"x"}],"after":1}"#)
        #expect(line([1, 2]) == #"{"list":[{"a":1,"b":"x"},{"a":2,"b":"x"}],"after":1}"#)
    }
}
