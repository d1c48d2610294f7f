import Metrics
import Testing

@Suite("ExpositionFormat")
struct ExpositionFormatTests {
    static let accepted: [(String?, ExpositionFormat)] = [
        (nil, .prometheusText),
        ("", .prometheusText),
        ("*/*", .prometheusText),
        ("text/plain", .prometheusText),
        ("application/openmetrics-text", .openMetrics),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
        ("Application/OpenMetrics-Text;version=\"1.0.0\"", .openMetrics),
        ("application/openmetrics-text;version=0.0.1", .prometheusText),
        ("application/openmetrics-text;q=0,text/plain", .prometheusText),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.4", .prometheusText),
        ("application/openmetrics-text;q=nonsense", .prometheusText),
        ("application/openmetrics-textual", .prometheusText),
        (
            // What Prometheus 2.42 sends.
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
        ),
        (
            // What Prometheus 3 sends first is protobuf, which is not offered here.
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                + "text/plain;version=0.0.4;q=0.4,*/*;q=0.1", .openMetrics
        ),
        (String(repeating: ",;=q", count: 100_000), .prometheusText),
    ]

    @Test("follows the Accept header", arguments: accepted)
    func follows(_ accept: String?, _ format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiate(accept: accept) == format)
    }

    @Test("names its content type exactly")
    func namesItsContentType() {
        #expect(ExpositionFormat.prometheusText.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }

    @Test("ends an empty OpenMetrics text too")
    func endsAnEmptyText() {
        #expect(String(decoding: MetricSet().render(.openMetrics), as: UTF8.self) == "# EOF\n")
        #expect(MetricSet().render(.prometheusText).isEmpty)
    }
}
