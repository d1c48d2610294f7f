package import Files
package import LedgerCore

extension ZoneRule {
    /// The zone called `name` as this machine knows it at `now`; nil when there is none.
    ///
    /// Kept are the changes of the clock from 400 days ago on that the file's rule does not say itself.
    package static func read(
        _ name: String, at now: Timestamp, in folder: String = ZoneFile.folder,
        _ files: some FileSystem = POSIXFileSystem()
    ) -> ZoneRule? {
        if name == "UTC" { return .utc }
        guard isName(name), let file = try? ZoneFile.read(name, in: folder, files),
            let rule = PosixZone(file.footer)
        else { return nil }
        let horizon = now.microseconds / 1_000_000 - 400 * 86_400
        let first = file.changes.lastIndex { $0.at <= horizon } ?? 0
        var kept = file.changes[first...].map { ZoneTransition(at: $0.at, offset: $0.offset) }
        // The rule holds from the last change on: what it says itself need not be kept.
        var end = kept.count
        while end > 0, isSaid(kept, at: end - 1, from: horizon, by: rule) { end -= 1 }
        // The first change that the rule says marks where it begins to hold.
        kept = Array(kept.prefix(end == 0 ? 0 : end + 1))
        if end > 0, kept.count == end, let last = kept.last, rule.offset(at: last.at) != last.offset {
            return nil
        }
        return ZoneRule(name: name, rule: file.footer, transitions: kept)
    }

    /// Whether `rule` has the offset of change `index` from it, or from `horizon`, to the next.
    private static func isSaid(
        _ changes: [ZoneTransition], at index: Int, from horizon: Int64, by rule: PosixZone
    ) -> Bool {
        let change = changes[index]
        let start = max(change.at, horizon)
        guard rule.offset(at: start) == change.offset else { return false }
        guard index + 1 < changes.count else { return true }
        return rule.offset(at: changes[index + 1].at - 1) == change.offset
    }
}
