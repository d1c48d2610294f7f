import HTTP
import LedgerCore

/// One page of all limits: `?after=SUBJECT&limit=N`, in the order of the subjects' names.
struct QuotaPage {
    private let after: String
    private let limit: Int

    /// The most subjects of one page.
    static let limitMax = 1_000

    init(_ head: HTTPRequestHead) {
        after = head.queryValue("after") ?? ""
        limit = min(max(head.queryValue("limit").flatMap { Int($0) } ?? Self.limitMax, 1), Self.limitMax)
    }

    /// The page's subjects, and where the next page begins.
    func read(_ state: LedgerState, at now: Timestamp) -> (views: [QuotaView], next: String?) {
        var first: [String] = []
        // The first ones of many: each that comes before the last so far takes its place.
        func take(_ text: String) {
            guard text > after, first.count <= limit || text < first[first.count - 1] else { return }
            var (low, high) = (0, first.count)
            while low < high {
                let middle = (low + high) / 2
                if first[middle] < text { low = middle + 1 } else { high = middle }
            }
            first.insert(text, at: low)
            if first.count > limit + 1 { first.removeLast() }
        }
        for subject in state.sharedQuotas.keys { take(subject.text) }
        for user in state.quotas.keys { take("user:" + user.text) }
        let page = first.prefix(limit)
        let views = page.compactMap { QuotaSubject($0) }.compactMap { QuotaView($0, state, at: now) }
        return (views, first.count > limit ? page.last : nil)
    }
}
