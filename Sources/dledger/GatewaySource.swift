import EventLoop
import Files
import Gateway
import HTTPClient
import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import Service
import Terminal

/// The Gateway, put together from the environment.
enum GatewaySource {
    static func service(
        _ settings: Settings, _ environment: Environment, loop: EventLoop, ledger: Ledger,
        shell: ServiceShell, set: MetricSet, log: Logger, services: Set<ServiceName>,
        ingest: PostgresIngest?
    ) throws(CommandFailure) -> GatewayService {
        let log = log.with(service: "gateway")
        let proxyURL = settings.proxyURL ?? "http://127.0.0.1:\(settings.proxyPort)"
        var dispatch = DispatcherConfiguration(
            proxyURL: proxyURL, keySecret: Array(try ProxySource.keySecret(environment).utf8))
        dispatch.queueMax = settings.dispatchQueueMax
        dispatch.concurrency = settings.dispatchConcurrency
        dispatch.deadlineMilliseconds = UInt64(settings.dispatchTimeoutMilliseconds)
        dispatch.isFailOpen = settings.isFailOpen
        dispatch.prompts = settings.prompts
        // Without a Proxy in this process its calls are in another journal, where they cannot be seen.
        dispatch.isProxied = settings.dispatchBilling ?? (services.contains(.proxy) ? nil : true)
        var configuration = GatewayConfiguration(
            dispatch: dispatch, adminToken: try ProxySource.adminToken(environment))
        configuration.alertSecret = try SecretFile.read("ALERT_WEBHOOK_SECRET", lengthMin: 16, environment)
        configuration.version = Build.version
        configuration.services = ServiceName.allCases.filter(services.contains).map(\.rawValue)
        configuration.postgres = { ingest?.reading }
        let kernel = try kernel(settings, environment, loop)
        do throws(LedgerError) {
            return try GatewayService(
                loop: loop, ledger: ledger, kernel: kernel,
                configuration: configuration, shell: shell, set: set, log: log)
        } catch { throw CommandFailure(ExitCode.unavailable, "the system refuses another thread") }
    }

    private static func kernel(
        _ settings: Settings, _ environment: Environment, _ loop: EventLoop
    ) throws(CommandFailure) -> any Kernel {
        guard let text = settings.kernel else { return MissingKernel(loop: loop) }
        let spec: KernelSpec
        do throws(KernelSpecError) { spec = try KernelSpec(text) } catch {
            throw CommandFailure(ExitCode.usage, "LEDGER_KERNEL \(error.message)")
        }
        if case .command = spec { try makeDirectory(settings.dispatchDirectory) }
        var limits = KernelLimits()
        limits.idleTimeoutMilliseconds = UInt64(settings.dispatchIdleTimeoutMilliseconds)
        do throws(HTTPClientError) {
            return spec.makeKernel(
                client: try HTTPClient(loop: loop), inherited: environment.variables,
                workingDirectory: settings.dispatchDirectory, limits: limits)
        } catch { throw CommandFailure(ExitCode.unavailable, "no HTTP client: \(error.reason)") }
    }

    private static func makeDirectory(_ path: String) throws(CommandFailure) {
        do throws(FileError) { try POSIXFileSystem().makeDirectories(path) } catch {
            throw CommandFailure(ExitCode.cannotWrite, "DISPATCH_DIRECTORY: \(error)")
        }
    }
}
