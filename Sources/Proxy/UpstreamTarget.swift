import Wire
import HTTP

/// A request's target as the provider gets it.
enum UpstreamTarget {
    /// The client's target; for Gemini without its `key`, which is one of ours, and without what makes
    /// another request or another answer of it: a method, a mask that leaves out usage, a script around it.
    ///
    /// What form an answer has is the client's choice, as long as its words are read here.
    static func of(_ head: HTTPRequestHead, provider: Provider) -> String {
        guard provider == .gemini, !head.query.isEmpty else { return head.target }
        let kept = head.query.split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            guard let plain = PercentEncoding.decode(name, plusIsSpace: true) else { return false }
            if plain == "alt" || plain == "$alt" { return forms.contains(pair.dropFirst(name.count + 1)) }
            return !plain.hasPrefix("$") && !["key", "fields", "callback"].contains(plain)
        }
        return kept.isEmpty ? head.path : head.path + "?" + kept.joined(separator: "&")
    }

    private static let forms: [Substring] = ["sse", "json"]
}
