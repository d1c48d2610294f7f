import HTTP
import HTTPClient
import Terminal

/// Asks the running Proxy as its administrator.
struct QuotaRequest {
    private let settings: Settings
    private let token: String

    init(_ environment: Environment) throws(CommandFailure) {
        settings = try Settings(environment)
        token = try ProxySource.adminToken(environment)
    }

    /// The body of the answer.
    func send(_ method: String, _ path: String, _ body: [UInt8] = []) throws(CommandFailure) -> [UInt8] {
        let request = HTTPClientRequest(
            method: method, url: "http://\(settings.bind):\(settings.proxyPort)/\(path)",
            headers: ["authorization": "Bearer \(token)", "content-type": "application/json"], body: body,
            idleTimeoutMilliseconds: 10_000, totalTimeoutMilliseconds: 15_000)
        let answer: (HTTPResponseHead, [UInt8])
        do throws(HTTPClientError) {
            answer = try BlockingHTTP.perform(request, bodyBytesMax: 16 << 20)
        } catch {
            throw CommandFailure(
                ExitCode.unavailable,
                "the Proxy at \(settings.bind):\(settings.proxyPort) does not answer (\(error.reason)); "
                    + "limits are set through it: start `dledger serve`")
        }
        guard answer.0.status < 400 else {
            throw CommandFailure(
                answer.0.status == 401 ? ExitCode.usage : ExitCode.checkFailed,
                "the Proxy answered \(answer.0.status): \(String(decoding: answer.1, as: UTF8.self))")
        }
        return answer.1
    }
}
