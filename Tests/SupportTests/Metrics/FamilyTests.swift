import Metrics
import Testing

@Suite("Family")
struct FamilyTests {
    @Test("folds what is beyond its limit into one child and loses nothing")
    func folds() {
        let set = MetricSet()
        let limits = FamilyLimits(childrenMax: 2, other: ["_other", "200"])
        let family = set.counter("calls_total", help: "Calls.", labels: ["user", "status"], limits: limits)
        for user in ["ann", "bob", "eve", "ann", "mallory"] { family[user, "200"].increment() }
        let text = String(decoding: set.render(.prometheusText), as: UTF8.self)
        #expect(
            text == """
                # HELP calls_total Calls.
                # TYPE calls_total counter
                calls_total{user="ann",status="200"} 2
                calls_total{user="bob",status="200"} 1
                calls_total{user="_other",status="200"} 2

                """)
        #expect(family.folded == 2)
        #expect(set.folded == 2)
    }

    @Test("holds its limit and its sum under a hundred thousand different users")
    func holdsItsLimit() {
        let set = MetricSet()
        let family = set.counter("calls_total", help: "Calls.", labels: ["user"])
        for user in 0..<100_000 { family["user-\(user)"].increment() }
        let lines = set.render(.prometheusText).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 2 + 2_000 + 1)
        #expect(family["other"].value == 98_000)
        #expect(family.folded == 98_000)
    }

    @Test("ignores a negative increment")
    func ignoresNegative() {
        let set = MetricSet()
        let calls = set.counter("calls_total", help: "Calls.").unlabelled
        calls.increment(by: 5)
        calls.increment(by: -3)
        #expect(calls.value == 5)
    }

    @Test("leaves out an observation that is not a number")
    func leavesOutNaN() {
        let seconds = MetricSet().histogram("call_seconds", help: "Time.", bounds: [1]).unlabelled
        for value in [Double.nan, .infinity, 2] { seconds.observe(value) }
        #expect(seconds.value.counts == [0, 1])
        #expect(seconds.value.sum == 2)
    }
}
