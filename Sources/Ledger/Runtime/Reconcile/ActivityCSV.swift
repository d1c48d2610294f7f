import LedgerCore

/// OpenRouter's activity as comma-separated values: the members of its JSON are the heading.
enum ActivityCSV {
    static func report(_ bytes: [UInt8]) throws(ProviderReportError) -> ProviderReport {
        var lines = rows(bytes)[...]
        guard let heading = lines.popFirst(), heading.contains("date"), heading.contains("prompt_tokens")
        else {
            throw ReportPages.fault("line 1", "is neither JSON nor the heading of OpenRouter's activity")
        }
        var report = ProviderReport(.openrouterActivity)
        for (index, cells) in lines.enumerated() {
            let place = "line \(index + 2)"
            guard cells.count == heading.count else {
                throw ReportPages.fault(place, "has \(cells.count) cells, the heading \(heading.count)")
            }
            let row = Dictionary(zip(heading, cells)) { first, _ in first }
            guard let day = row["date"].flatMap({ Day($0.utf8.prefix(10)) }) else {
                throw ReportPages.fault("\(place), date", "must be a day")
            }
            report.add(from: day.start, to: day.next.start)
            for (name, measure) in [
                ("prompt_tokens", ReportMeasure.allInput), ("completion_tokens", .allOutput),
            ] {
                guard let count = row[name].flatMap({ Int64($0) }), count >= 0 else {
                    throw ReportPages.fault("\(place), \(name)", "must be a count")
                }
                report.add(Int128(count), measure, row["model"], on: day)
            }
            guard let cost = row["usage"].flatMap({ ReportNumber.attos($0) }) else {
                throw ReportPages.fault("\(place), usage", "must be a decimal number")
            }
            report.add(cost, .cost, row["model"], on: day)
        }
        guard report.from < report.to else { throw ReportPages.fault("file", "has no rows") }
        return report
    }

    /// The cells, quoted or not; empty lines are none.
    private static func rows(_ bytes: [UInt8]) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        func end() { row.append(String(decoding: cell, as: UTF8.self)) }
        for byte in bytes + [UInt8(ascii: "\n")] {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                end()
                cell = []
            case UInt8(ascii: "\n") where !isQuoted:
                end()
                if row != [""] { rows.append(row) }
                (row, cell) = ([], [])
            case UInt8(ascii: "\r") where !isQuoted: break
            default: cell.append(byte)
            }
        }
        return rows
    }
}
