/// Usage that something outside reports, priced by us: an agent's tokens, or a container's compute.
package struct UsageReported: Hashable, Sendable {
    /// Who pays.
    package let user: UserID
    /// Who reports (a CloudEvents `source`): 1 to 256 visible ASCII characters.
    package let source: String
    /// The report's own name, unique within ``source``: 1 to 256 visible ASCII characters.
    package let reportID: String
    /// SHA-256 of what was reported, in hexadecimal: the same report has the same.
    package let digest: String
    /// What was used: ``UsageKind/report`` (a model's tokens) or ``UsageKind/compute``.
    package let kind: UsageKind
    /// The provider; `platform` for compute.
    package let provider: String
    /// The model; the container's handle for compute.
    package let model: String
    /// Tokens.
    package var usage: Usage
    /// Processor time, in milliseconds.
    package var cpuMilliseconds: Int64
    /// Memory held over time, in mebibyte-seconds.
    package var memoryMebibyteSeconds: Int64
    /// What it cost.
    package var cost: Cost
    /// The price book.
    package var priceBook: String
    /// When it was used, as reported.
    package let usedAt: Timestamp

    /// Creates the event.
    package init(
        user: UserID, source: String, reportID: String, digest: String, kind: UsageKind, provider: String,
        model: String, usage: Usage = Usage(), cpuMilliseconds: Int64 = 0, memoryMebibyteSeconds: Int64 = 0,
        cost: Cost, priceBook: String, usedAt: Timestamp
    ) {
        self.user = user
        self.source = source
        self.reportID = reportID
        self.digest = digest
        self.kind = kind
        self.provider = provider
        self.model = model
        self.usage = usage
        self.cpuMilliseconds = cpuMilliseconds
        self.memoryMebibyteSeconds = memoryMebibyteSeconds
        self.cost = cost
        self.priceBook = priceBook
        self.usedAt = usedAt
    }
}
