import HTTP
import HTTPClient
import Terminal

/// `dledger health [gateway] [proxy] [platform]`: asks the services on this machine whether they are ready.
enum HealthCommand {
    static let description = CommandDescription(
        name: "health", summary: "Asks running services whether they are ready; for container health checks.",
        usage: "health [gateway] [proxy] [platform]", options: [],
        run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static let timeoutMilliseconds = 3_000

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let services = try ServiceName.take(from: &arguments)
        try arguments.end()
        let settings = try Settings(environment)
        var isReady = true
        for service in ServiceName.allCases where services.contains(service) {
            let answer = state(of: "http://\(settings.bind):\(settings.port(of: service))/ready")
            isReady = isReady && answer == nil
            Terminal.write("\(service.rawValue): \(answer ?? "ready")\n")
        }
        return isReady ? ExitCode.done : ExitCode.unavailable
    }

    /// Why the service at `url` is not ready; nil when it is.
    private static func state(of url: String) -> String? {
        let request = HTTPClientRequest(
            url: url, idleTimeoutMilliseconds: timeoutMilliseconds,
            totalTimeoutMilliseconds: timeoutMilliseconds)
        do throws(HTTPClientError) {
            let (head, _) = try BlockingHTTP.perform(request, bodyBytesMax: 1 << 16)
            return head.status == 200 ? nil : "not ready, \(url) answered \(head.status)"
        } catch { return "no answer from \(url): \(error.reason)" }
    }
}
