import JSON
import LedgerCore

/// What costs come to by other prices, as a table.
struct RerateReport {
    private let rows: [(key: [String], value: Rerating.Sums)]
    private let headings: [String]
    private let ending: String
    /// How many costs differ.
    let changed: Int64

    /// The report in a Proxy's answer.
    init(_ answer: [UInt8]) {
        var rows: [(key: [String], value: Rerating.Sums)] = []
        let root = try? JSONDocument.parse(answer).root
        for row in root?["rows"].map({ Array($0.array) }) ?? [] {
            rows.append(
                (key: [row["user"]?.string ?? "", row["model"]?.string ?? ""], value: Rerating.Sums(row)))
        }
        let appended = root?["appended"]?.int64 ?? 0
        let isDryRun = root?["dryRun"]?.bool ?? true
        let changed = rows.reduce(0) { $0 + $1.value.changed }
        self.changed = changed
        self.rows = rows
        headings = ["user", "model"]
        ending =
            isDryRun
            ? "\(Counted.text(changed, "cost")) would change\n"
            : "\(Counted.text(appended, "correction")) recorded\n"
    }

    /// The report of `sums` by `dimensions`.
    init(_ sums: [[String]: Rerating.Sums], by dimensions: [String]) {
        rows = sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { (key: $0.key, value: $0.value) }
        headings = dimensions
        changed = rows.reduce(0) { $0 + $1.value.changed }
        ending = "\(Counted.text(changed, "cost")) would change\n"
    }

    var table: [UInt8] {
        guard !rows.isEmpty else { return Array("nothing to price again\n".utf8) }
        let first = headings.count
        var table = TextTable(
            headings + [
                "costs", "changed", "cost USD", "new cost USD", "difference USD", "unpriced",
                "still unpriced",
            ], figures: Set(first..<(first + 7)))
        var total = Rerating.Sums()
        for row in rows {
            table.add(row.key + Self.cells(row.value))
            total.add(row.value)
        }
        if rows.count > 1 {
            table.add(headings.indices.map { $0 == 0 ? "total" : "" } + Self.cells(total))
        }
        return Array((table.text + ending).utf8)
    }

    private static func cells(_ sums: Rerating.Sums) -> [String] {
        [
            String(sums.count), String(sums.changed), sums.old.decimalText, sums.new.decimalText,
            sums.difference.decimalText, String(sums.oldUnpriced), String(sums.newUnpriced),
        ]
    }
}

extension Rerating.Sums {
    /// Reads what `write(to:)` writes.
    fileprivate init(_ row: JSONValue) {
        self.init()
        count = row["count"]?.int64 ?? 0
        changed = row["changed"]?.int64 ?? 0
        old = row["costUsd"]?.rawNumber.flatMap { try? Money(decimal: $0) } ?? .zero
        new = row["newCostUsd"]?.rawNumber.flatMap { try? Money(decimal: $0) } ?? .zero
        oldUnpriced = row["unpriced"]?.int64 ?? 0
        newUnpriced = row["newUnpriced"]?.int64 ?? 0
    }
}
