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
    /// Set a user's limits, whole.
    case setQuota(UserID, Quota, actor: String)
    /// Remove a user's limits.
    case removeQuota(UserID, actor: String)
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
    /// The user has no limits to remove.
    case noQuota(UserID)
    /// An agent run with this identifier is open.
    case alreadyStarted(UniqueID)
    /// No open agent run has this identifier: it never began, or it has ended.
    case notStarted(UniqueID)
    /// No such container has this handle: it was never provisioned, is destroyed, or is another one.
    case noContainer(ContainerHandle)
    /// There are as many containers as there may be.
    case tooMany
    /// A report of this name says something else; it is recorded at this position.
    case anotherReport(Position)
}
