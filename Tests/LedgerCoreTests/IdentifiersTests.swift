import LedgerCore
import Testing

@Suite("Identifiers")
struct IdentifiersTests {
    @Test("users", arguments: ["a", "alice", "A.b_c@d:e+f-9", String(repeating: "x", count: 128)])
    func accepts(_ text: String) { #expect(UserID(text)?.text == text) }

    @Test(
        "refuses what is not a user's name",
        arguments: [
            "", "_other", "a b", "a/b", "a\"b", "a\nb", "a\u{0}", "é", "a%20", "a'--",
            String(repeating: "x", count: 129),
        ])
    func refusedUsers(_ text: String) { #expect(UserID(text) == nil) }

    @Test("a unique id's text is its bits, in lower case")
    func uniqueIDs() {
        var seed = Seed(3)
        for round in 0..<1_000 {
            let id = UniqueID(bits: UInt128(seed.next()) << 64 | UInt128(seed.next()))
            #expect(id.text.utf8.count == 36)
            #expect(UniqueID(id.text.utf8) == id, "seed 3, round \(round)")
            #expect(UniqueID(id.text.dropLast().utf8) == nil)
        }
        #expect(UniqueID(bits: .max).text == "ffffffff-ffff-ffff-ffff-ffffffffffff")
        #expect(UniqueID("FFFFFFFF-ffff-ffff-ffff-ffffffffffff".utf8) == nil)
        #expect(UniqueID("ffffffff-ffff-ffff-fffff-fffffffffff".utf8) == nil)
        #expect(UniqueID("fffffffffffffffffffffffffffffffffffff".prefix(36).utf8) == nil)
    }

    @Test("a version 7 id carries its time, its version and its variant")
    func version7() throws {
        let time = try moment("2026-11-24T22:00:00.123456Z")
        let text = UniqueID(at: time, random: .max).text
        let milliseconds = String(time.microseconds / 1000, radix: 16)
        #expect(text.filter { $0 != "-" }.hasPrefix("0" + milliseconds))
        #expect(Array(text)[14] == "7")
        #expect(Array(text)[19] == "b")
        #expect(
            UniqueID(at: Timestamp(microseconds: -5), random: 0).text
                == "00000000-0000-7000-8000-000000000000")
    }

    @Test("positions count on")
    func positions() {
        #expect(Position(0).next == Position(1))
        #expect(Position(1) < Position(2))
    }
}
