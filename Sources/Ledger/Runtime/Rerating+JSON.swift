package import JSON
package import LedgerCore

extension Rerating.Sums {
    /// Writes the sums as members of an open object: the one form for every answer and every command.
    package func write(to json: inout JSONText) {
        json.member("count", count)
        json.member("changed", changed)
        json.key("costUsd")
        json.raw(old.decimalText)
        json.key("newCostUsd")
        json.raw(new.decimalText)
        json.key("differenceUsd")
        json.raw(difference.decimalText)
        json.member("unpriced", oldUnpriced)
        json.member("newUnpriced", newUnpriced)
    }
}

extension RerateStatus {
    /// Writes the status as members of an open object.
    package func write(to json: inout JSONText) {
        json.member("phase", word)
        json.member("dryRun", order.isDryRun)
        json.member("priceBook", order.book.hash)
        json.member("position", position.value)
        json.member("end", end.value)
        json.member("appended", appended)
        switch phase {
        case .reading: break
        case .failed(let why): json.member("failure", why)
        case .done(let sums):
            json.key("rows")
            json.array { json in
                for (key, sums) in sums.sorted(by: { $0.key < $1.key }) {
                    json.object { json in
                        json.member("user", key.user.text)
                        json.member("model", key.model)
                        sums.write(to: &json)
                    }
                }
            }
        }
    }

    private var word: String {
        switch phase {
        case .reading: "reading"
        case .done: "done"
        case .failed: "failed"
        }
    }
}
