package import LedgerCore

/// Where runs are asked for.
///
/// Loop thread only.
package protocol DispatchDesk: AnyObject {
    /// Takes a request.
    ///
    /// The handlers are called later from the loop, never from inside this call.
    @discardableResult
    func submit(_ request: DispatchRequest, _ handlers: DispatchHandlers) -> any DispatchHandle
}

/// One run, in the hand of whoever asked for it.
///
/// Loop thread only.
package protocol DispatchHandle: AnyObject {
    /// The run.
    var dispatchID: UniqueID { get }
    /// The conversation, made for it when the request named none.
    var sessionID: String { get }

    /// Asks the run to end; ``DispatchHandlers/onEnd`` tells of that as always.
    ///
    /// Harmless when it has ended.
    func abort()
}
