import Metrics
import TestSupport
import Testing

@Suite("Label values")
struct LabelValueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let value: String
        let written: String
        var testDescription: String { String(written.prefix(30)) }
    }

    static let hostile: [Case] = [
        Case(value: #"quote " end"#, written: #"quote \" end"#),
        Case(value: #"back\slash"#, written: #"back\\slash"#),
        Case(value: "new\nline", written: #"new\nline"#),
        Case(value: "\"} 1\nfake_metric 9", written: #"\"} 1\nfake_metric 9"#),
        Case(value: "nul\u{0} cr\r esc\u{1B}[31m del\u{7F}", written: "nul␀ cr␍ esc␛[31m del␡"),
        Case(value: "line\u{2028}separator, emoji 👩‍🚀", written: "line\u{2028}separator, emoji 👩‍🚀"),
        Case(value: "", written: ""),
    ]

    @Test("come out escaped and legal, from families and from collectors", arguments: hostile)
    func comeOutLegal(_ test: Case) {
        let set = MetricSet()
        set.gauge("a", help: "A.", labels: ["user"])[test.value].set(1)
        set.collect { writer in
            writer.family("b", .gauge, help: "B.")
            writer.sample(["user": test.value], 2)
        }
        let text = set.render(.prometheusText)
        #expect(
            String(decoding: text, as: UTF8.self) == """
                # HELP a A.
                # TYPE a gauge
                a{user="\(test.written)"} 1
                # HELP b B.
                # TYPE b gauge
                b{user="\(test.written)"} 2

                """)
        let result = Promtool.check(text)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("of a megabyte are cut and stay two series")
    func areCut() {
        let set = MetricSet()
        let gauge = set.gauge("a", help: "A.", labels: ["user"])
        let long = String(repeating: "é\"", count: 400_000)
        gauge[long + "1"].set(1)
        gauge[long + "2"].set(2)
        gauge[long + "1"].add(10)
        let text = set.render(.prometheusText)
        #expect(text.split(separator: UInt8(ascii: "\n")).count == 4)
        #expect(text.count < 1_200)
        let result = Promtool.check(text)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("that are not escaped are what promtool refuses")
    func promtoolRefuses() {
        let unescaped = "# HELP a A.\n# TYPE a gauge\na{user=\"quote \" end\"} 1\n"
        #expect(Promtool.check(Array(unescaped.utf8)).status == 1)
    }
}
