import Access
import Wire
import EventLoop
import HTTPClient
import LedgerRuntime
import Logging
import Metrics
import Proxy
import Service
import Terminal

/// The Proxy, put together from the environment.
enum ProxySource {
    static func service(
        _ settings: Settings, _ environment: Environment, loop: EventLoop, ledger: Ledger,
        shell: ServiceShell, set: MetricSet, rerating: RerateDesk, log: Logger
    ) throws(CommandFailure) -> ProxyService {
        var configuration = ProxyConfiguration(
            upstreams: upstreams(environment), keySecret: Array(try keySecret(environment).utf8),
            adminToken: try adminToken(environment))
        configuration.isFailOpen = settings.isFailOpen
        configuration.prompts = settings.prompts
        configuration.unknownModels = settings.unknownModels
        do throws(HTTPClientError) {
            return try ProxyService(
                loop: loop, ledger: ledger, configuration: configuration, shell: shell, set: set,
                usersMax: settings.metricsUsersMax, rerating: rerating, log: log.with(service: "proxy"))
        } catch { throw CommandFailure(ExitCode.unavailable, "no HTTP client: \(error.reason)") }
    }

    /// Who may use a service: the administrator, and users by keys made with this house's secret.
    static func keyAccess(_ environment: Environment) throws(CommandFailure) -> KeyAccess {
        KeyAccess(
            keySecret: Array(try keySecret(environment).utf8), adminToken: try adminToken(environment))
    }

    static func keySecret(_ environment: Environment) throws(CommandFailure) -> String {
        guard let secret = try SecretFile.read("LEDGER_KEY_SECRET", lengthMin: 32, environment) else {
            throw CommandFailure(
                ExitCode.usage,
                "LEDGER_KEY_SECRET or LEDGER_KEY_SECRET_FILE is needed: users' keys are made with it")
        }
        return secret
    }

    static func adminToken(_ environment: Environment) throws(CommandFailure) -> String {
        guard let token = try SecretFile.read("LEDGER_ADMIN_TOKEN", lengthMin: 16, environment) else {
            throw CommandFailure(ExitCode.usage, "LEDGER_ADMIN_TOKEN or LEDGER_ADMIN_TOKEN_FILE is needed")
        }
        return token
    }

    private static func upstreams(_ environment: Environment) -> [Provider: ProxyConfiguration.Upstream] {
        let standards: [(Provider, String)] = [
            (.anthropic, "https://api.anthropic.com"), (.openai, "https://api.openai.com"),
            (.gemini, "https://generativelanguage.googleapis.com"),
        ]
        return Dictionary(
            uniqueKeysWithValues: standards.map { provider, standard in
                let name = provider.rawValue.uppercased()
                return (
                    provider,
                    ProxyConfiguration.Upstream(
                        url: environment["\(name)_API_URL"] ?? standard, key: environment["\(name)_API_KEY"])
                )
            })
    }
}
