import Wire
import HTTP

/// A request's target as the provider gets it.
enum UpstreamTarget {
    /// The client's target; for Gemini without its `key`, which is one of ours.
    static func of(_ head: HTTPRequestHead, provider: Provider) -> String {
        guard provider == .gemini, !head.query.isEmpty else { return head.target }
        let kept = head.query.split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            return PercentEncoding.decode(name, plusIsSpace: true) != "key"
        }
        return kept.isEmpty ? head.path : head.path + "?" + kept.joined(separator: "&")
    }
}
