/// Prices what is recorded again: a fold of the journal beside one price book.
///
/// Takes the events twice: first all corrections (``note(_:)``), then everything (``take(_:_:)``).
package struct Rerating: Sendable {
    /// What is priced again.
    package struct Scope: Hashable, Sendable {
        /// Recorded at this moment or later; nil: from the first event.
        package var since: Timestamp?
        /// Recorded before this moment; nil: up to the last event.
        package var until: Timestamp?
        /// Only this model.
        package var model: String?
        /// Only this user.
        package var user: UserID?
        /// Only what has no known price.
        package var unpricedOnly = false

        /// Creates the scope of everything.
        package init() {}

        func holds(_ target: CostTarget) -> Bool {
            (since.map { target.recordedAt >= $0 } ?? true) && (until.map { target.recordedAt < $0 } ?? true)
                && (model.map { target.model == $0 } ?? true) && (user.map { target.user == $0 } ?? true)
        }
    }

    /// What is told apart in the sums.
    package struct Key: Hashable, Comparable, Sendable {
        /// Who pays.
        package let user: UserID
        /// The model.
        package let model: String

        package static func < (left: Key, right: Key) -> Bool {
            (left.user.text, left.model) < (right.user.text, right.model)
        }
    }

    /// Sums before and after.
    package struct Sums: Hashable, Sendable {
        /// Amounts looked at: calls, direct runs' models, reports.
        package var count: Int64 = 0
        /// Of these, those that cost something else by the book.
        package var changed: Int64 = 0
        /// What they cost until now.
        package var old = Money.zero
        /// What they cost by the book.
        package var new = Money.zero
        /// How many had no known price.
        package var oldUnpriced: Int64 = 0
        /// How many have none by the book either.
        package var newUnpriced: Int64 = 0

        /// Creates empty sums.
        package init() {}

        /// What the book adds.
        package var difference: Money { new.addingClamped(old.negated) }

        /// Adds `other`.
        package mutating func add(_ other: Sums) {
            count &+= other.count
            changed &+= other.changed
            old = old.addingClamped(other.old)
            new = new.addingClamped(other.new)
            oldUnpriced &+= other.oldUnpriced
            newUnpriced &+= other.newUnpriced
        }
    }

    /// Sums by user and model.
    package private(set) var sums: [Key: Sums] = [:]
    private let book: PriceBook
    private let scope: Scope
    private var corrected: [Share: RatedCost] = [:]
    private var open: [UniqueID: RatedUse.Reserved] = [:]
    private var groups: [UserID: [GroupName]] = [:]

    /// One model's part of what one event recorded.
    private struct Share: Hashable {
        let position: Position
        let provider: String
        let model: String

        init(_ target: CostTarget) {
            position = target.position
            provider = target.provider
            model = target.model
        }
    }

    /// A correction that the book asks for, but for who asked and why.
    package struct Difference: Hashable, Sendable {
        /// What is corrected.
        package let target: CostTarget
        /// What it cost until now.
        package let old: RatedCost
        /// What it costs by the book.
        package let new: RatedCost

        /// The correction as an event.
        package func event(reason: String, actor: String) -> CostAdjusted {
            CostAdjusted(target: target, old: old, new: new, reason: reason, actor: actor)
        }
    }

    /// Prices `scope` by `book`.
    package init(_ scope: Scope = Scope(), by book: PriceBook) {
        self.book = book
        self.scope = scope
    }

    /// Takes a correction that was made before; of several the last one holds.
    package mutating func note(_ recorded: RecordedEvent) {
        guard case .costAdjusted(let event) = recorded.event else { return }
        corrected[Share(event.target)] = event.new
    }

    /// Takes one event and gives each correction that follows to `body`.
    package mutating func take(_ recorded: RecordedEvent, _ body: (Difference) -> Void = { _ in }) {
        var reserved: RatedUse.Reserved?
        switch recorded.event {
        case .callReserved(let event):
            open[event.call.callID] = RatedUse.Reserved(
                event, at: recorded.position, recorded.timestamp, in: groups[event.user] ?? [])
            return
        case .groupJoined(let event): return groups.join(event.user, event.group)
        case .groupLeft(let event): return groups.leave(event.user, event.group)
        case .callSettled(let event): reserved = open.removeValue(forKey: event.call.callID)
        case .callExpired(let event): reserved = open.removeValue(forKey: event.call.callID)
        default: break
        }
        let members = recorded.event.user.flatMap { groups[$0] } ?? []
        RatedUse.each(of: recorded, reserved: reserved, in: members) { use in
            guard scope.holds(use.target) else { return }
            let old = corrected[Share(use.target)] ?? use.recorded
            guard !scope.unpricedOnly || old.cost.state == .unpriced else { return }
            let cost = use.cost(by: book, current: old)
            let new = cost ?? old.cost
            var sums = Sums()
            sums.count = 1
            sums.changed = cost == nil ? 0 : 1
            sums.old = old.cost.amount
            sums.new = new.amount
            sums.oldUnpriced = old.cost.state == .unpriced ? 1 : 0
            sums.newUnpriced = new.state == .unpriced ? 1 : 0
            let key = Key(user: use.target.user, model: use.target.model)
            self.sums[key, default: Sums()].add(sums)
            guard let cost else { return }
            body(Difference(target: use.target, old: old, new: RatedCost(cost, by: book.hash)))
        }
    }
}
