import JSON

/// An answer of our own in place of the provider's, in the shape that the provider's own SDK reads.
///
/// The SDKs choose their error class by the HTTP status; they do not retry where `x-should-retry` is `false`.
package enum ProviderFailure: Hashable, Sendable {
    /// 400: the request cannot be read.
    case badRequest(String)
    /// 401: no key, or not one of ours.
    case badKey
    /// 404: nothing is there.
    case notFound(String)
    /// 413: the body is above the limit.
    case tooLarge(limitBytes: Int)
    /// 429: the budget is used up.
    case quotaExceeded(String)
    /// 502: the provider could not be reached or broke off before it answered.
    case upstreamFailed(String)
    /// 503: the ledger cannot admit calls now.
    case unavailable(String)
    /// 504: the provider did not answer in time.
    case upstreamTimedOut

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .badRequest: 400
        case .badKey: 401
        case .notFound: 404
        case .tooLarge: 413
        case .quotaExceeded: 429
        case .upstreamFailed: 502
        case .unavailable: 503
        case .upstreamTimedOut: 504
        }
    }

    /// What a person reads.
    package var message: String {
        switch self {
        case .badRequest(let message), .notFound(let message), .quotaExceeded(let message),
            .upstreamFailed(let message), .unavailable(let message):
            message
        case .badKey: "invalid API key: use the sk-proxy- key that you were given"
        case .tooLarge(let limit): "request body is larger than \(limit) bytes"
        case .upstreamTimedOut: "the provider did not answer in time"
        }
    }

    /// Whether trying again soon can help; goes out as `x-should-retry`.
    package var isRetryable: Bool { status > 500 }

    /// The JSON body.
    package func body(for provider: Provider) -> [UInt8] {
        switch provider {
        case .anthropic:
            JSONText.object {
                $0.member("type", "error")
                $0.key("error")
                $0.object {
                    $0.member("type", anthropicType)
                    $0.member("message", message)
                }
            }
        case .openai:
            JSONText.object {
                $0.key("error")
                $0.object {
                    $0.member("message", message)
                    $0.member("type", openAIType)
                    $0.member("param", nil)
                    $0.member("code", openAICode)
                }
            }
        case .gemini:
            JSONText.object {
                $0.key("error")
                $0.object {
                    $0.member("code", status)
                    $0.member("message", message)
                    $0.member("status", geminiStatus)
                }
            }
        }
    }

    private var anthropicType: String {
        switch self {
        case .badRequest: "invalid_request_error"
        case .badKey: "authentication_error"
        case .notFound: "not_found_error"
        case .tooLarge: "request_too_large"
        case .quotaExceeded: "rate_limit_error"
        case .upstreamFailed, .unavailable: "api_error"
        case .upstreamTimedOut: "timeout_error"
        }
    }

    private var openAIType: String {
        switch self {
        case .badRequest, .badKey, .notFound, .tooLarge: "invalid_request_error"
        case .quotaExceeded: "insufficient_quota"
        case .upstreamFailed, .unavailable, .upstreamTimedOut: "server_error"
        }
    }

    private var openAICode: String? {
        switch self {
        case .badRequest, .tooLarge: nil
        case .badKey: "invalid_api_key"
        case .notFound: "not_found"
        case .quotaExceeded: "insufficient_quota"
        case .upstreamFailed: "upstream_failed"
        case .unavailable: "unavailable"
        case .upstreamTimedOut: "timeout"
        }
    }

    private var geminiStatus: String {
        switch self {
        case .badRequest, .tooLarge: "INVALID_ARGUMENT"
        case .badKey: "UNAUTHENTICATED"
        case .notFound: "NOT_FOUND"
        case .quotaExceeded: "RESOURCE_EXHAUSTED"
        case .upstreamFailed, .unavailable: "UNAVAILABLE"
        case .upstreamTimedOut: "DEADLINE_EXCEEDED"
        }
    }
}
