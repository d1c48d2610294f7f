/// The latest reports of usage, so that one that comes twice counts once.
///
/// At most ``countMax``; the one recorded longest ago is forgotten first. How long a repetition is recognised
/// depends on nothing but the journal.
package struct KnownReports: Hashable, Sendable {
    private var reports: [ReportName: KnownReport] = [:]
    /// The names from the oldest on, as a ring that begins at ``oldest``.
    private var names: [ReportName] = []
    private var oldest = 0
    private let limit: Int

    /// Reports beyond this are forgotten.
    package static let countMax = 100_000

    /// Creates a memory of nothing that holds `limit` reports.
    package init(limit: Int = countMax) { self.limit = max(limit, 1) }

    /// How many are known.
    package var count: Int { reports.count }

    /// What is known of the report called `name`.
    package subscript(name: ReportName) -> KnownReport? { reports[name] }

    /// Remembers a report; the first of a name stays.
    package mutating func keep(_ report: KnownReport, called name: ReportName) {
        guard reports[name] == nil else { return }
        if names.count < limit {
            names.append(name)
        } else {
            reports[names[oldest]] = nil
            names[oldest] = name
            oldest = (oldest + 1) % limit
        }
        reports[name] = report
    }

    /// Gives each report to `body`, the oldest first.
    func each(_ body: (ReportName, KnownReport) -> Void) {
        for name in names[oldest...] + names[..<oldest] {
            if let report = reports[name] { body(name, report) }
        }
    }

    // Where the ring begins is not part of the value: the order is that of the positions.

    package static func == (left: KnownReports, right: KnownReports) -> Bool {
        left.limit == right.limit && left.reports == right.reports
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(reports) }
}

/// What names a report.
package struct ReportName: Hashable, Sendable {
    /// Who reports.
    package let source: String
    /// The report's name there.
    package let reportID: String

    /// Creates a name.
    package init(source: String, reportID: String) {
        self.source = source
        self.reportID = reportID
    }
}

/// What is known of a report.
package struct KnownReport: Hashable, Sendable {
    /// SHA-256 of what was reported, in hexadecimal.
    package let digest: String
    /// Where it is recorded.
    package let position: Position

    /// Creates a report's memory.
    package init(digest: String, position: Position) {
        self.digest = digest
        self.position = position
    }
}

/// Reported usage.
extension LedgerState {
    /// What is recorded of the report `id` of `source`; nil: nothing, or it was forgotten.
    package func report(source: String, id: String) -> (digest: String, position: Position)? {
        reports[ReportName(source: source, reportID: id)].map { ($0.digest, $0.position) }
    }

    /// The event that `report` is; nil: the same one is recorded.
    func judge(_ report: UsageReported) throws(Rejection) -> Event? {
        guard report.isPlausible else { throw .negative }
        guard let known = reports[ReportName(source: report.source, reportID: report.reportID)]
        else { return .usageReported(report) }
        guard known.digest == report.digest else { throw .anotherReport(known.position) }
        return nil
    }

    mutating func keep(_ event: UsageReported, at position: Position) {
        reports.keep(
            KnownReport(digest: event.digest, position: position),
            called: ReportName(source: event.source, reportID: event.reportID))
        charge(
            payers(event.user, model: event.model), event.cost,
            tokens: event.usage.inputTokens &+ event.usage.outputTokens, at: lastTimestamp)
    }
}

extension UsageReported {
    /// Whether its names are names and no figure is negative or beyond what is believed.
    fileprivate var isPlausible: Bool {
        [source, reportID, digest, provider, model].allSatisfy(Self.isName)
            && (kind == .report || kind == .compute) && usage.isPlausible
            && (0...Usage.countMax).contains(cpuMilliseconds)
            && (0...Usage.countMax).contains(memoryMebibyteSeconds) && cost.amount >= .zero
            && cost.held >= .zero
    }

    /// Whether `text` is 1 to 256 visible ASCII characters.
    package static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
