package import LedgerCore

/// What a journal holds of a shared limit's window and would have of it.
///
/// All figures are of the whole window, what is spent included: 10⁻¹⁸ USD or a count.
package struct LeaseClaim: Hashable, Sendable {
    /// Which limit's window.
    package let key: LeaseKey
    /// The limit, as the journal knows it.
    package var limit: Int128
    /// What the journal has recorded as leased: what it is to have at least.
    package var held: Int128
    /// What is spent or held by open calls.
    package var inUse: Int128
    /// What the smallest call that waits needs; 0: none waits.
    package var least: Int128 = 0
    /// What all calls that wait need; 0: none waits.
    package var need: Int128 = 0
    /// What is taken where there is plenty.
    package var wanted: Int128 = 0

    /// Creates a claim of what is held, and no more.
    package init(key: LeaseKey, limit: Int128, held: Int128, inUse: Int128) {
        self.key = key
        self.limit = limit
        self.held = held
        self.inUse = inUse
    }

    /// The claims as `ledger.set_leases` takes them, each with its place.
    static func json(_ claims: [LeaseClaim]) -> String {
        JSONRows.text(Array(claims.enumerated())) { row, entry in
            let claim = entry.element
            let measure = claim.key.measure
            row.field("place", Int64(entry.offset))
            row.field("user_id", claim.key.subject.column)
            row.field("measure", measure.rawValue)
            row.field("period", claim.key.window.rawValue)
            row.field("ends_at", claim.key.windowEnd)
            row.field("limit_amount", measure.text(claim.limit))
            row.field("held", measure.text(claim.held))
            row.field("in_use", measure.text(claim.inUse))
            row.field("least", measure.text(claim.least))
            row.field("need", measure.text(claim.need))
            row.field("wanted", measure.text(claim.wanted))
        }
    }
}

/// What a claim came to.
package struct LeaseAnswer: Hashable, Sendable {
    /// What is leased from now on.
    package let leased: Int128
    /// What other journals hold and have not spent, as far as is known.
    package let idleElsewhere: Int128
}

extension QuotaSubject {
    /// The value of the column `user_id`: a user's name as it is, unless it reads like another subject.
    package var column: String {
        guard let user else { return text }
        return QuotaSubject(user.text)?.user == user ? user.text : text
    }
}

extension LimitMeasure {
    /// `amount` as SQL has it: US dollars, or a count.
    func text(_ amount: Int128) -> String {
        self == .cost ? Money(attos: amount).decimalText : String(amount)
    }

    /// Reads what ``text(_:)`` writes, with or without zeros at the end.
    func amount(_ text: String) -> Int128? {
        self == .cost ? (try? Money(decimal: text))?.attos : Int128(text)
    }
}
