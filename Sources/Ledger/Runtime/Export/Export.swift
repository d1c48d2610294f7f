package import Files
package import LedgerCore
package import LedgerJournal

/// Writes a part of the journal in one of three forms, event by event, in as much memory as an hour takes.
package struct Export {
    /// The forms.
    package enum Form: String, CaseIterable, Sendable {
        /// Charges by hour, as the FinOps specification has them.
        case focus
        /// One row for each event that spends.
        case csv
        /// The events, byte for byte.
        case jsonl
    }

    /// What has been written so far.
    package struct Outcome: Hashable, Sendable {
        /// Events in the range.
        package var events: Int64 = 0
        /// Rows or lines, the heading apart.
        package var rows: Int64 = 0
        /// What was spent, by the ledger's own rollup.
        package var cost = Money.zero
    }

    private let form: Form
    private let range: Range<Timestamp>
    private let user: UserID?
    private let file: ExportFile
    private let reading: ChargeReading
    private let table: FocusTable
    private var text: CSVText
    private var hour = ChargeHour()
    private var hourStart: Timestamp?
    /// What has been written so far.
    package private(set) var outcome = Outcome()

    /// An export of the events recorded in `range`, for `user` or for all, to `file`.
    ///
    /// Of ``Form/csv`` a correction is in the range that what it corrects is in.
    package init(
        _ form: Form, origin: String, range: Range<Timestamp>, user: UserID? = nil, books: [PriceBook] = [],
        guardingFormulas: Bool = true, to file: ExportFile
    ) {
        self.form = form
        self.range = range
        self.user = user
        self.file = file
        reading = ChargeReading(books: books)
        table = FocusTable(origin: origin)
        text = CSVText(guardingFormulas: guardingFormulas)
    }

    /// Writes the heading, where the form has one.
    package mutating func begin() throws(ExportError) {
        switch form {
        case .focus: text.line(FocusTable.columns.map { .plain($0) })
        case .csv: text.line(CallTable.columns.map { .plain($0) })
        case .jsonl: break
        }
        try write(text.take())
    }

    /// Takes the journal's next event and its line.
    package mutating func add(_ event: RecordedEvent, _ line: JournalLine) throws(ExportError) {
        let moment = form == .csv ? event.countsAt : event.timestamp
        guard range.contains(moment), user == nil || event.event.user == user else { return }
        outcome.events += 1
        UsageDelta.each(of: event) { outcome.cost = outcome.cost.addingClamped($0.sums.cost) }
        switch form {
        case .focus:
            if let hourStart, event.timestamp.hour > hourStart { try endHour() }
            hourStart = event.timestamp.hour
            hour.add(event, reading)
        case .csv:
            guard let cells = CallTable.cells(event) else { return }
            outcome.rows += 1
            text.line(cells)
            if text.bytes.count > 1 << 16 { try write(text.take()) }
        case .jsonl:
            outcome.rows += 1
            try write(Array(line.bytes) + [UInt8(ascii: "\n")])
        }
    }

    /// Writes what is left.
    package mutating func end() throws(ExportError) {
        try endHour()
        try write(text.take())
    }

    private mutating func endHour() throws(ExportError) {
        if let key = hour.difference {
            throw .differs(
                "\(key.hour.text), \(key.user.text), \(key.kind.rawValue), \(key.source), \(key.provider), \(key.model)"
            )
        }
        for row in hour.sorted {
            outcome.rows += 1
            text.line(table.cells(row.key, row.sums))
        }
        hour = ChargeHour()
        try write(text.take())
    }

    private func write(_ bytes: [UInt8]) throws(ExportError) {
        guard !bytes.isEmpty else { return }
        do throws(FileError) { try file.write(bytes) } catch { throw .file(error) }
    }
}

/// Why an export was given up.
package enum ExportError: Error, Hashable {
    /// The charges do not come to what the ledger has; where.
    case differs(String)
    /// The file cannot be written.
    case file(FileError)
}
