import LedgerCore
import LedgerRuntime

extension SystemStatus {
    /// The state of a gateway, its ledger and its dispatcher now.
    init(
        _ configuration: GatewayConfiguration, ledger: Ledger, dispatcher: Dispatcher, startedAt: Timestamp,
        webSocketConnections: Int
    ) {
        let (position, isWritable) = ledger.read { ($0.usage.position, $0.journal.failure == nil) }
        let kind = dispatcher.kernel.kind
        self.init(
            version: configuration.version, origin: ledger.configuration.origin, startedAt: startedAt,
            now: ledger.configuration.now(), services: configuration.services,
            kernel: kind == MissingKernel.kind ? nil : kind,
            queue: Queue(
                queued: dispatcher.queuedCount, running: dispatcher.runningCount,
                queueMax: configuration.dispatch.queueMax, concurrency: configuration.dispatch.concurrency),
            journal: Journal(position: position, isWritable: isWritable),
            postgres: configuration.postgres(), priceBook: ledger.prices.hash,
            webSocketConnections: webSocketConnections,
            durability: ledger.configuration.durabilityName,
            promptPolicy: configuration.dispatch.prompts.text)
    }
}
