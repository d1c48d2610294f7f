import LedgerCore
import Testing

@Suite("Recorded text")
struct RecordedTextTests {
    @Test(
        "cuts between characters, as a prefix of characters does",
        arguments: [
            "", "short", "abcdef", "abcd\u{301}f", "abc\r\ndef", "ab\r\n\r\n", "ééééé", "a🧑‍🚀bcdef", "abcd🧑‍🚀",
        ])
    func cuts(_ text: String) { #expect(text.cut(charactersMax: 4) == String(text.prefix(4))) }
}
