import HTTP
import Testing

@Suite("TraceParent")
struct TraceParentTests {
    static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let good = [
        "00-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-00",
        "cc-\(trace)-00f067aa0ba902b7-01-what-comes-later",
    ]
    static let bad = [
        "", "00", "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-00f067aa0ba902b7-01-more",
        "ff-\(trace)-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-\(trace)-0000000000000000-01", "00-\(trace.uppercased())-00f067aa0ba902b7-01",
        "00-\(trace)-00f067aa0ba902b7-0x", "00-\(trace)0-00f067aa0ba902b7-01",
        "cc-\(trace)-00f067aa0ba902b7-01-" + String(repeating: "x", count: 300),
    ]

    @Test("A trace that the standard allows is read, and kept as it came", arguments: good)
    func reads(_ text: String) throws {
        let trace = try #require(TraceParent(["traceparent": text]))
        #expect(trace.traceID == Self.trace)
        #expect(trace.text == text)
    }

    @Test("Anything else is none", arguments: bad)
    func refuses(_ text: String) { #expect(TraceParent(["traceparent": text]) == nil) }

    @Test("None, or two, is none")
    func several() {
        #expect(TraceParent([:]) == nil)
        #expect(TraceParent(["traceparent": Self.good[0], "Traceparent": Self.good[1]]) == nil)
    }
}
