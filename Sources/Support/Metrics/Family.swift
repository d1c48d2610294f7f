import Synchronization
import Threads

/// One named metric and its children, one for each combination of label values.
///
/// ```swift
/// let requests = metrics.counter("http_requests_total", help: "Requests.", labels: ["method", "status"])
/// requests["GET", "200"].increment()
/// ```
/// Keep a child that is used often: a look-up hashes its label values under a lock.
package final class Family<Child: Instrument>: Sendable {
    let family: MetricFamily
    let labels: [String]
    private let childrenMax: Int
    private let other: [String]
    private let options: Child.Options
    private let state = Lock(State())

    private struct State: Sendable {
        /// By label values, joined by a character that none of them can hold.
        var children: [String: Child] = [:]
        var sorted: [Child]? = []
        var other: Child?
        var folded: Int64 = 0
    }

    init(_ family: MetricFamily, _ limits: FamilyLimits, labels: [String], options: Child.Options) {
        precondition(labels.allSatisfy(LabelText.isName), "not a label name in \(family.name): \(labels)")
        precondition(Set(labels).count == labels.count, "a label twice in \(family.name): \(labels)")
        precondition(
            family.kind != .histogram || !labels.contains("le"), "le belongs to buckets: \(family.name)")
        let other = limits.other ?? labels.map { _ in "other" }
        precondition(other.count == labels.count, "one folded value for each label of \(family.name)")
        self.family = family
        self.labels = labels
        self.other = other.map(LabelText.legal)
        self.options = options
        childrenMax = limits.childrenMax
    }

    /// The child with these label values, in the order of the label names; made when new.
    ///
    /// Beyond the family's limit a new combination is folded into the `other` child, and counted in
    /// ``folded``.
    package subscript(_ values: String...) -> Child { child(values) }

    /// The only child of a family without labels.
    package var unlabelled: Child { child([]) }

    /// How many look-ups ended in the `other` child because the family was full.
    package var folded: Int64 { state.withLock { $0.folded } }

    private func child(_ values: [String]) -> Child {
        precondition(values.count == labels.count, "\(family.name) has the labels \(labels)")
        let values = values.map(LabelText.legal)
        let key = values.joined(separator: "\0")
        return state.withLock { state in
            if let child = state.children[key] { return child }
            if values == other { return otherChild(&state) }
            guard state.children.count < childrenMax else {
                state.folded += 1
                return otherChild(&state)
            }
            let child = make(values)
            state.children[key] = child
            state.sorted = nil
            return child
        }
    }

    private func otherChild(_ state: inout State) -> Child {
        if let child = state.other { return child }
        let child = make(other)
        state.other = child
        return child
    }

    private func make(_ values: [String]) -> Child {
        let pairs = zip(labels, values).map { (key: $0, value: $1) }
        return Child(name: family.name, labels: pairs, options: options)
    }

    /// Sorts the keys alone: strings are compared in specialised code, pairs with a generic child are not.
    private static func sort(_ children: [String: Child]) -> [Child] {
        var keys = Array(children.keys)
        keys.sort()
        return keys.compactMap { children[$0] }
    }

    /// The children in a stable order: by label values, the folded one last.
    private func inOrder() -> [Child] {
        state.withLock { state in
            let sorted = state.sorted ?? Self.sort(state.children)
            state.sorted = sorted
            return sorted + (state.other.map { [$0] } ?? [])
        }
    }
}

/// How many children a family may have, and the label values of the one that takes the rest.
package struct FamilyLimits: Hashable, Sendable {
    package let childrenMax: Int
    /// Nil: `other` for every label.
    package let other: [String]?

    package init(childrenMax: Int = 2_000, other: [String]? = nil) {
        self.childrenMax = childrenMax
        self.other = other
    }
}

extension Family: RegisteredFamily {
    func write(to writer: inout ExpositionWriter) {
        let children = inOrder()
        writer.open(family)
        writer.edit { _, bytes in for child in children { child.append(to: &bytes) } }
    }
}

/// A family of whatever kind, as its set keeps it.
protocol RegisteredFamily: AnyObject, Sendable {
    var family: MetricFamily { get }
    var labels: [String] { get }
    var folded: Int64 { get }
    func write(to writer: inout ExpositionWriter)
}
