/// The result of a provider's report.
extension EventDecoder {
    static func reconciled(_ line: inout LineScanner) throws(CodecError) -> UsageReconciled {
        let provider = try line.string("provider")
        let report = try line.string("report")
        let sha256 = try line.string("sha256")
        let (from, to) = (try day("from", &line), try day("to", &line))
        var tokens: UsageReconciled.Both<Int64>?
        try line.optionalObject("tokens") { (fields: inout LineScanner) throws(CodecError) in
            tokens = .init(
                ledger: try fields.integer("ledger"), provider: try fields.integer("provider"),
                captured: try fields.optionalInteger("captured"))
        }
        var cost: UsageReconciled.Both<Money>?
        try line.optionalObject("costUsd") { (fields: inout LineScanner) throws(CodecError) in
            cost = .init(
                ledger: try fields.money("ledger"), provider: try fields.money("provider"),
                captured: try fields.optionalMoney("captured"))
        }
        return UsageReconciled(
            provider: provider, report: report, sha256: sha256, from: from, to: to, tokens: tokens,
            cost: cost, rows: try line.integer("rows"), rowsDiffering: try line.integer("rowsDiffering"),
            actor: try line.string("by"), reason: try line.optionalString("reason"))
    }

    static func day(_ key: StaticString, _ line: inout LineScanner) throws(CodecError) -> Day {
        let offset = line.offset
        guard let day = Day(try line.string(key).utf8) else {
            throw .badValue(key.description, offset: offset)
        }
        return day
    }
}
