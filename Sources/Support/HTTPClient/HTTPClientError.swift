/// Why a transfer did not end well.
package enum HTTPClientError: Error, Hashable, Sendable {
    /// The host's name has no address.
    case resolve(Detail)
    /// No connection.
    case connect(Detail)
    /// No secure connection: the certificate, the name on it, or the protocol.
    case tls(Detail)
    /// A limit of time passed.
    case timeout(Phase, Detail)
    /// The request could not be sent whole.
    case sendFailed(Detail)
    /// The connection failed while the answer was awaited or read.
    case receiveFailed(Detail)
    /// The answer ended before its announced end.
    case truncated(Detail)
    /// The answer is not HTTP, or larger than allowed.
    case badResponse(Detail)
    /// The client's limit of transfers is reached.
    case tooManyTransfers(Detail)
    /// ``HTTPTransfer/cancel()`` was called.
    case cancelled(Detail)
    /// The URL is not one that this client fetches.
    case badURL(Detail)
    /// A method or field that cannot be sent as it is.
    case badRequest(Detail)
    /// The client was closed.
    case closed(Detail)
    /// Anything else, with libcurl's code.
    case other(code: Int32, Detail)

    /// What was awaited when the time was up.
    package enum Phase: String, Hashable, Sendable {
        case connect, firstByte, idle, total
    }

    /// How far a transfer had come.
    package enum Progress: Hashable, Sendable, Comparable {
        case notSent, sent, answered
    }

    /// A few words for a person, and how far it had come.
    package struct Detail: Hashable, Sendable {
        /// For logs; never holds header values or bodies.
        package let reason: String
        /// How far the transfer had come.
        package let progress: Progress

        /// A detail.
        package init(_ reason: String, _ progress: Progress = .notSent) {
            self.reason = reason
            self.progress = progress
        }
    }

    /// The words and the progress.
    package var detail: Detail {
        switch self {
        case .resolve(let detail), .connect(let detail), .tls(let detail), .timeout(_, let detail),
            .sendFailed(let detail), .receiveFailed(let detail), .truncated(let detail),
            .badResponse(let detail), .tooManyTransfers(let detail), .cancelled(let detail),
            .badURL(let detail), .badRequest(let detail), .closed(let detail), .other(_, let detail):
            detail
        }
    }

    /// The words.
    package var reason: String { detail.reason }

    /// Whether nothing of an answer had come, so that another try stays invisible to the caller.
    package var beforeFirstByte: Bool { detail.progress < .answered }

    /// Whether the request may have reached the host, so that another try may be charged twice.
    package var requestMayHaveBeenProcessed: Bool { detail.progress > .notSent }
}
