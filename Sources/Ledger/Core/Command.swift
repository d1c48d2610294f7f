/// What the ledger can be asked to do.
///
/// Each is judged by ``LedgerState/decide(_:at:)``.
package enum Command: Hashable, Sendable {
    /// Admit a call: hold its worst case, or refuse it.
    case reserve(CallIdentity, Estimate, priceBook: String, isPriced: Bool)
    /// Record the end of a call that was admitted.
    case settle(CallSettled)
    /// End an open reservation whose call will never report back.
    case expire(UniqueID, ExpiryReason)
    /// Set a subject's limits, whole.
    case changeQuota(QuotaSet)
    /// Remove a subject's limits.
    case dropQuota(QuotaRemoved)
    /// Make a user a member of a group, unless that is so already.
    case joinGroup(GroupJoined)
    /// End a user's membership.
    case leaveGroup(GroupLeft)
    /// Copy what events of the journal `from` changed of limits and groups to this journal, `to`, but for
    /// what was changed later.
    case copyChanges([RecordedEvent], from: String, to: String)
    /// Put a price book into force.
    case publishPrices(PricesPublished)
    /// Begin an agent run, or refuse it when the user's limits leave nothing.
    case startDispatch(DispatchStarted)
    /// Record that an agent run never began.
    case rejectDispatch(DispatchRejected)
    /// Record the end of an agent run.
    case completeDispatch(DispatchReport)
    /// End an open agent run that nobody will report on.
    case abandonDispatch(UniqueID, ExpiryReason)
    /// Record an alert, unless it is known already.
    case receiveAlert(AlertReceived)
    /// Record what happened to a container, unless that is known already.
    case changeContainer(ContainerChanged)
    /// Record reported usage, once; ``LedgerState/report(source:id:)`` says where it is.
    case reportUsage(UsageReported)
    /// Record corrections of costs that were worked out at a state whose last correction was at this
    /// position.
    case adjustCosts([CostAdjusted], after: Position)
    /// Record what PostgreSQL granted of limits that journals share.
    case grantLeases([LeaseSet])
    /// Make leases what is in use, to give back the rest.
    case fitLeases([LeaseKey])
    /// Record what a provider's report and the ledger have, unless that is recorded already.
    case reconcile(UsageReconciled)
}

/// Why a command was refused: it contradicts what is recorded.
package enum Rejection: Error, Hashable {
    /// A call with this identifier is open.
    case alreadyReserved(UniqueID)
    /// No open call has this identifier: it was never admitted, or it has ended.
    case notReserved(UniqueID)
    /// The call was reserved for another user.
    case anotherUser(UniqueID)
    /// An amount or a count is negative, or beyond what is believed.
    case negative
    /// The subject has no limits to remove.
    case noLimits(QuotaSubject)
    /// The user is not in that group.
    case notMember(UserID, GroupName)
    /// An agent run with this identifier is open.
    case alreadyStarted(UniqueID)
    /// No open agent run has this identifier: it never began, or it has ended.
    case notStarted(UniqueID)
    /// No such container has this handle: it was never provisioned, is destroyed, or is another one.
    case noContainer(ContainerHandle)
    /// There are as many containers, subjects of limits, or groups of the user, as there may be.
    case tooMany
    /// A report of this name says something else; it is recorded at this position.
    case anotherReport(Position)
    /// Costs were corrected meanwhile; the last correction is at this position.
    case alreadyAdjusted(Position)
    /// Something has to be leased first: each limit that has too little.
    case notLeased([LeaseNeed])
    /// The last result of this report is the same; it is recorded at this position.
    case alreadyReconciled(Position)
}

extension Command {
    /// Set a user's limits, whole.
    package static func setQuota(_ user: UserID, _ quota: Quota, actor: String) -> Command {
        .changeQuota(QuotaSet(user: user, quota: quota, actor: actor))
    }

    /// Remove a user's limits.
    package static func removeQuota(_ user: UserID, actor: String) -> Command {
        .dropQuota(QuotaRemoved(user: user, actor: actor))
    }
}
