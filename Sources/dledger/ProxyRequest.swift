import HTTP
import HTTPClient
import Terminal

/// Asks the running Proxy as its administrator.
struct ProxyRequest {
    private let place: String
    private let token: String
    private let purpose: String

    /// Asks the Proxy of `environment`; `purpose` says what for, where it does not answer.
    init(_ environment: Environment, purpose: String) throws(CommandFailure) {
        let settings = try Settings(environment)
        place = "\(settings.bind):\(settings.proxyPort)"
        token = try ProxySource.adminToken(environment)
        self.purpose = purpose
    }

    /// The body of the answer.
    func send(_ method: String, _ path: String, _ body: [UInt8] = []) throws(CommandFailure) -> [UInt8] {
        let request = HTTPClientRequest(
            method: method, url: "http://\(place)/\(path)",
            headers: ["authorization": "Bearer \(token)", "content-type": "application/json"], body: body,
            idleTimeoutMilliseconds: 10_000, totalTimeoutMilliseconds: 30_000)
        let answer: (HTTPResponseHead, [UInt8])
        do throws(HTTPClientError) {
            answer = try BlockingHTTP.perform(request, bodyBytesMax: 64 << 20)
        } catch {
            throw CommandFailure(
                ExitCode.unavailable,
                "the Proxy at \(place) does not answer (\(error.reason)); "
                    + "\(purpose) through it: start `dledger serve`")
        }
        guard answer.0.status < 400 else {
            throw CommandFailure(
                answer.0.status == 401 ? ExitCode.usage : ExitCode.checkFailed,
                "the Proxy answered \(answer.0.status): \(String(decoding: answer.1, as: UTF8.self))")
        }
        return answer.1
    }
}
