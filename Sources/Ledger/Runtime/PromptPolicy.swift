import Crypto
import LedgerCore

/// How prompts, and what tools are given, are recorded.
package enum PromptPolicy: Hashable, Sendable {
    /// The first characters.
    case truncate(Int)
    /// A hash of the whole.
    case hash
    /// Not at all.
    case off

    /// The policy as LEDGER_PROMPTS names it.
    package var text: String {
        switch self {
        case .truncate(let charactersMax): "truncate:\(charactersMax)"
        case .hash: "hash"
        case .off: "off"
        }
    }

    /// What is recorded of `text`; nil: nothing.
    package func recorded(_ text: String) -> String? {
        switch self {
        case .truncate(let charactersMax): text.cut(charactersMax: charactersMax)
        case .hash: "sha256:" + SHA256.hash(of: text).hex
        case .off: nil
        }
    }
}
