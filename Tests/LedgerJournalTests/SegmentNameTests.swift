import LedgerCore
import LedgerJournal
import Testing

@Suite("SegmentName")
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
}
