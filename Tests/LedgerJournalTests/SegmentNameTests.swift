import LedgerJournal
import Testing

@Suite("SegmentName and JournalDay")
struct SegmentNameTests {
    @Test(
        "reads its own spelling",
        arguments: ["2026-11-24.jsonl", "2026-11-24.1.jsonl", "2024-02-29.10.jsonl"])
    func roundTrip(name: String) {
        #expect(SegmentName(name)?.description == name)
    }

    @Test(
        "is no name",
        arguments: [
            "", "2026-11-24", "2026-11-24.jsonl.zst", "2026-11-24.0.jsonl", "2026-11-24.01.jsonl",
            "2026-11-24.-1.jsonl", "2026-02-30.jsonl", "2026-13-01.jsonl", "../2026-11-24.jsonl",
            "2026-11-24.jsonl.torn-1", ".lock", "2026-11-24.1.2.jsonl", "２026-11-24.jsonl",
            "2026-11-24.99999999999999999999.jsonl",
        ])
    func refuses(name: String) {
        #expect(SegmentName(name) == nil)
    }

    @Test("is ordered by day, then number")
    func order() {
        let names = ["2026-11-23.2.jsonl", "2026-11-24.jsonl", "2026-11-24.9.jsonl", "2026-11-24.10.jsonl"]
        #expect(names.reversed().compactMap { SegmentName($0) }.sorted().map(\.description) == names)
    }

    @Test(
        "knows the day of an instant",
        arguments: [
            (0, "1970-01-01"), (86_399_999_999, "1970-01-01"), (86_400_000_000, "1970-01-02"),
            (-1, "1969-12-31"),
            (1_795_559_965_000_000, "2026-11-24"), (951_782_400_000_000, "2000-02-29"),
            (4_107_542_400_000_000, "2100-03-01"),
        ] as [(Int64, String)])
    func days(microseconds: Int64, text: String) {
        #expect(JournalDay(microsecondsSince1970: microseconds).description == text)
        #expect(JournalDay(text) == JournalDay(microsecondsSince1970: microseconds))
    }
}
