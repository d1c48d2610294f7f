import EventLoop
import HTTPClient
import LedgerRuntime
import Logging
import Metrics
import Platform
import Service
import Terminal

/// The Platform, put together from the environment.
enum PlatformSource {
    static func service(
        _ settings: Settings, _ environment: Environment, loop: EventLoop, ledger: Ledger,
        shell: ServiceShell, set: MetricSet, log: Logger
    ) throws(CommandFailure) -> PlatformService {
        let platform = settings.platform
        let endpoint: EngineEndpoint
        do throws(EngineEndpointError) { endpoint = try EngineEndpoint(platform.engine) } catch {
            throw CommandFailure(ExitCode.usage, "DOCKER_HOST is \(error.reason)")
        }
        var containers = OrchestratorConfiguration(
            origin: settings.origin, image: platform.image,
            proxyURL: settings.proxyURL ?? "http://127.0.0.1:\(settings.proxyPort)",
            keySecret: Array(try ProxySource.keySecret(environment).utf8))
        containers.command = platform.command
        containers.namePrefix = platform.namePrefix
        containers.network = platform.network
        containers.memoryLimitBytes = platform.memoryLimitBytes
        containers.cpuLimitMillicores = platform.cpuLimitMillicores
        containers.engineAddress = platform.engine
        var configuration = PlatformConfiguration(
            containers: containers, access: try ProxySource.keyAccess(environment))
        configuration.statsIntervalMilliseconds = UInt64(platform.statsIntervalMilliseconds)
        configuration.diskPath = settings.home
        do throws(HTTPClientError) {
            let engine = EngineClient(client: try HTTPClient(loop: loop), endpoint: endpoint)
            return PlatformService(
                loop: loop, ledger: ledger, engine: engine, configuration: configuration, shell: shell,
                set: set, log: log.with(service: "platform"))
        } catch { throw CommandFailure(ExitCode.unavailable, "no HTTP client: \(error.reason)") }
    }
}

/// How the Platform's engine does, for a `/health` that is there before the Platform is.
final class EngineHealth {
    /// Whether the engine answered last; nil: it was not asked yet.
    var isReachable: () -> Bool? = { nil }

    /// The part of `/health`; a Platform without an engine is a Platform all the same.
    var part: (name: String, json: String) {
        let isReachable = isReachable()
        let status = isReachable == false ? "degraded" : "ok"
        let reachable = isReachable.map { String($0) } ?? "null"
        return ("engine", "{\"status\":\"\(status)\",\"reachable\":\(reachable)}")
    }
}
