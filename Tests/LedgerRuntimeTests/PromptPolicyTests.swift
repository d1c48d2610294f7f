import LedgerRuntime
import Testing

@Suite("PromptPolicy")
struct PromptPolicyTests {
    @Test("A prompt is cut in whole characters, hashed as a whole, or left out")
    func recorded() {
        #expect(PromptPolicy.truncate(3).recorded("é😀bcd") == "é😀b")
        #expect(PromptPolicy.truncate(0).recorded("abc") == "")
        #expect(
            PromptPolicy.hash.recorded("abc")
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(PromptPolicy.off.recorded("abc") == nil)
    }

    @Test("A policy is named as LEDGER_PROMPTS names it", arguments: ["truncate:500", "hash", "off"])
    func name(_ name: String) {
        let policies: [PromptPolicy] = [.truncate(500), .hash, .off]
        #expect(policies.contains { $0.text == name })
    }
}
