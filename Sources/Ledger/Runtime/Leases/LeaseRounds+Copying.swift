import LedgerCore
import LedgerStore
import Logging

/// Copying what was changed of limits and groups in the other journals that share them.
extension LeaseRounds {
    private static let copyPauseNanoseconds: UInt64 = 1_000_000_000
    /// How many changes of one journal are copied at a time.
    private static let copiesMax = 250

    /// Copies what is new, where it is time to look; some hundred changes of each journal at most.
    ///
    /// - Returns: whether there is more to copy now.
    @discardableResult
    func copyChanges() throws(StoreError) -> Bool {
        let moment = nanoseconds
        guard moment >= copyNotBefore, let session else { return false }
        copyNotBefore = moment + Self.copyPauseNanoseconds
        let known = ledger.read { $0.state.copied }.merging(readTo) { max($0, $1) }
        let changes = try session.changes(after: known, limit: Self.copiesMax)
        var isMore = false
        for (origin, changes) in Dictionary(grouping: changes, by: \.origin)
        where copy(changes, from: origin) {
            readTo[origin] = changes.last?.position
            if changes.count == Self.copiesMax { isMore = true }
        }
        if isMore { copyNotBefore = moment }
        return isMore
    }

    /// Copies what follows each other in one journal, all of it or nothing.
    ///
    /// - Returns: whether it is recorded, or never will be.
    private func copy(_ changes: [OtherChange], from origin: String) -> Bool {
        let own = ledger.configuration.origin
        let events = changes.compactMap { change in
            change.line.withUnsafeBytes { try? EventDecoder.decode($0) }
        }
        do throws(LedgerError) {
            _ = try ledger.perform(.copyChanges(events, from: origin, to: own))
        } catch { return false }
        let left = ledger.read { view in events.filter { view.state.lacks($0, in: origin, own: own) } }
        for event in left {
            log.warning(
                "a change of limits has no room here",
                ["origin": origin, "position": "\(event.position.value)"])
        }
        if events.count < changes.count {
            log.warning(
                "changes of limits cannot be read: a newer release made them",
                ["origin": origin, "count": "\(changes.count - events.count)"])
        }
        return true
    }
}
