import HTTP
import JSON

/// An error answer in the words of a provider.
enum ProviderRefusal: Error, Hashable {
    /// The request means nothing.
    case badRequest(String)
    /// There is no key.
    case noCredentials
    /// Nothing is at this path, or the path does not take the method.
    case notFound(method: String, path: String)
    /// What `x-simulate-status` asks for.
    case simulated(Int)
    /// The record of calls cannot be written, so nothing is answered.
    case noRecord

    /// The HTTP status.
    var status: Int {
        switch self {
        case .badRequest: 400
        case .noCredentials: 401
        case .notFound: 404
        case .simulated(let status): status
        case .noRecord: 500
        }
    }

    /// The fields beyond those of every answer.
    var headers: HTTPHeaders {
        [429, 503, 529].contains(status) ? ["retry-after": "1"] : [:]
    }

    /// What a person reads.
    func message(_ provider: SimulatedProvider) -> String {
        switch self {
        case .badRequest(let message): message
        case .noCredentials:
            switch provider {
            case .anthropic: "x-api-key header is required"
            case .openAI:
                "You didn't provide an API key: send it as a bearer token in the authorization header."
            }
        case .notFound(let method, let path):
            provider == .anthropic ? "Not found" : "Invalid URL (\(method) \(path))"
        case .simulated(529): "Overloaded"
        case .simulated(let status): "This is a simulated error with status \(status)."
        case .noRecord: "The simulator cannot write its record of calls."
        }
    }

    /// The body as the provider would write it.
    func body(_ provider: SimulatedProvider, requestID: String) -> [UInt8] {
        JSONText.object {
            if provider == .anthropic { $0.member("type", "error") }
            $0.key("error")
            $0.object { error in
                switch provider {
                case .anthropic:
                    error.member("type", anthropicType)
                    error.member("message", message(provider))
                case .openAI:
                    error.member("message", message(provider))
                    error.member("type", openAIType)
                    error.member("param", nil)
                    error.member("code", openAICode)
                }
            }
            if provider == .anthropic { $0.member("request_id", requestID) }
        }
    }

    private var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    private var openAIType: String {
        switch status {
        case 429: "requests"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private var openAICode: String? {
        switch status {
        case 401: "invalid_api_key"
        case 429: "rate_limit_exceeded"
        default: nil
        }
    }
}
