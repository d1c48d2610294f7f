import LedgerCore

extension BudgetSharing {
    /// Tells of the subjects whose limits `recorded` changed, or spent from without a lease.
    func note(_ recorded: [RecordedEvent], in state: LedgerState) {
        var subjects: Set<QuotaSubject> = []
        for event in recorded.lazy.map(\.event) {
            switch event {
            // What a user gets from the pattern is recorded by the desk's own grant.
            case .quotaSet(let change) where change.pattern == nil: subjects.insert(change.subject)
            case .quotaRemoved(let change): subjects.insert(change.subject)
            case .dispatchCompleted(let run) where run.billing == .direct:
                add(state.payers(run.dispatch.user, model: run.model), to: &subjects)
            case .usageReported(let report):
                add(state.payers(report.user, model: report.model), to: &subjects)
            case .costAdjusted(let correction):
                add(state.payers(of: correction.target), to: &subjects)
            default: continue
            }
        }
        subjects.remove(.unknownUsers)
        if !subjects.isEmpty { onChange(subjects) }
    }

    private func add(_ payers: Payers, to subjects: inout Set<QuotaSubject>) {
        subjects.insert(.user(payers.user))
        payers.eachShared { subjects.insert($0) }
    }
}
