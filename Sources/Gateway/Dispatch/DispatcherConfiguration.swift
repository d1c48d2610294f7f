package import LedgerRuntime

/// How agent runs are let in and watched.
package struct DispatcherConfiguration: Sendable {
    /// How many may wait.
    package var queueMax = 64
    /// How many may run at the same time.
    package var concurrency = 8
    /// How long a run may take, its wait included.
    package var deadlineMilliseconds: UInt64 = 600_000
    /// How long the end of a run waits for its calls to be settled.
    package var settleMilliseconds: UInt64 = 5_000
    /// How long a kernel may take to end once it was told to.
    package var stopMilliseconds: UInt64 = 10_000
    /// How long the end of a run waits before it is recorded again, while nothing can be recorded.
    package var retryMilliseconds: UInt64 = 1_000
    /// How much of an answer is kept for whoever asked for it as a whole.
    package var textBytesMax = 1 << 20
    /// Whether runs go on, unrecorded, while the journal cannot be written.
    package var isFailOpen = false
    /// How prompts and tools' inputs are recorded.
    package var prompts = PromptPolicy.truncate(500)
    /// Whether the kernel's calls are known to be in the ledger; nil: they are if any is linked to the run.
    package var isProxied: Bool?
    /// Where the Proxy listens, as kernels reach it.
    package var proxyURL: String
    /// The secret that users' keys are made with.
    package var keySecret: [UInt8]

    /// Creates a configuration.
    package init(proxyURL: String, keySecret: [UInt8]) {
        self.proxyURL = proxyURL
        self.keySecret = keySecret
    }
}
