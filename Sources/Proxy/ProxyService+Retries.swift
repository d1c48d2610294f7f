import Crypto
import HTTP
import LedgerCore
import LedgerRuntime

extension ProxyService {
    /// What the client says of a request that it tries again, and the request's first call where it is known.
    ///
    /// Nothing is hashed or looked up for a first try.
    func retry(_ exchange: HTTPExchange, by user: UserID) -> CallRetry? {
        guard let attempt = RetryHeader.attempt(exchange.head.headers) else { return nil }
        // A client that gave up waiting tries again while its last try is still open here.
        for call in calls.values where call.user == user { call.noteIfAbandoned() }
        let first = failedTries.take(
            Self.fingerprint(exchange, of: user), before: attempt,
            at: ledger.configuration.monotonicNanoseconds())
        return CallRetry(attempt: attempt, first: first)
    }

    /// Notes that a call did not end well, or was left: its client may try again.
    func noteFailure(_ exchange: HTTPExchange, _ call: CallIdentity, first: UniqueID) {
        failedTries.add(
            Self.fingerprint(exchange, of: call.user), attempt: call.retry?.attempt ?? 1, first: first,
            at: ledger.configuration.monotonicNanoseconds())
    }

    /// The same for each try of a request: the user, and all that the provider is asked.
    private static func fingerprint(_ exchange: HTTPExchange, of user: UserID) -> Digest {
        var hash = SHA256()
        hash.update(Array("\(user.text)\n\(exchange.head.method)\n\(exchange.head.target)\n".utf8))
        hash.update(exchange.body)
        return hash.finish()
    }
}
