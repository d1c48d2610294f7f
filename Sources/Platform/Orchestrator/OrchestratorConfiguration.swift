package import LedgerCore

/// How containers are made.
package struct OrchestratorConfiguration: Sendable {
    /// The identity of the journal: containers of other journals are not touched.
    package var origin: String
    /// The image; nil: nothing can be provisioned.
    package var image: String?
    /// What it runs; nil: what the image says.
    package var command: [String]?
    /// What a container's name begins with; its handle follows.
    package var namePrefix = "matrixos-"
    /// The network; nil: the engine's own choice.
    package var network: String?
    /// Memory at most.
    package var memoryLimitBytes: Int64?
    /// Processor time at most, in thousandths of a core.
    package var cpuLimitMillicores: Int64?
    /// Processes at most.
    package var pidsMax: Int64 = 512
    /// The Proxy as containers reach it.
    package var proxyURL: String
    /// The secret that users' keys are made with.
    package var keySecret: [UInt8]
    /// Where the engine is, for people.
    package var engineAddress = ""
    /// How long a container with a health check may take to be healthy.
    package var healthMilliseconds: UInt64 = 60_000
    /// How long one without must run before it counts as up.
    package var settleMilliseconds: UInt64 = 500
    /// How long a container has to end by itself when it is stopped.
    package var stopGraceSeconds = 10
    /// The pause between two comparisons with the engine.
    package var reconcileMilliseconds: UInt64 = 60_000

    /// Creates a configuration.
    package init(origin: String, image: String?, proxyURL: String, keySecret: [UInt8]) {
        self.origin = origin
        self.image = image
        self.proxyURL = proxyURL
        self.keySecret = keySecret
    }

    /// The label that a container's handle is under.
    package static let handleLabel = "dispatch-ledger.handle"
    /// The label that the journal's identity is under.
    package static let originLabel = "dispatch-ledger.origin"

    /// What finds this journal's containers at the engine.
    package var labelFilter: String { "\(Self.originLabel)=\(origin)" }

    /// The name of the container of `handle`.
    package func name(of handle: ContainerHandle) -> String { namePrefix + handle.text }
}
