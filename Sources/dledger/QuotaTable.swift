import JSON

/// All limits as a table: a row for each.
enum QuotaTable {
    static func text(_ proxy: ProxyRequest) throws(CommandFailure) -> [UInt8] {
        var table = TextTable(
            ["subject", "limit", "window", "allowed", "used", "reserved", "until", "zone"],
            figures: [3, 4, 5])
        let parser = JSONParser()
        var path: String? = "quotas"
        while let asked = path {
            let document: JSONDocument
            let answer = try proxy.send("GET", asked)
            do throws(JSONError) { document = try parser.parse(answer) } catch {
                throw CommandFailure(ExitCode.checkFailed, "the Proxy's answer is not JSON: \(error.message)")
            }
            guard let quotas = document.root["quotas" as String] else { break }
            for quota in quotas.array { add(quota, to: &table) }
            path = document.root["next" as String]?.string.map { "quotas?after=" + encoded($0) }
        }
        return Array(table.text.utf8)
    }

    private static func add(_ quota: JSONValue, to table: inout TextTable) {
        let subject = quota["subject" as String]?.string ?? ""
        let zone = quota["timezone" as String]?.string ?? ""
        if quota["enabled" as String]?.bool == false {
            table.add([subject, "no calls", "", "", "", "", "", ""])
        }
        guard let limits = quota["limits" as String] else { return }
        for limit in limits.array {
            func figure(_ name: String) -> String {
                (limit[name + "Usd"] ?? limit[name])?.rawNumber ?? ""
            }
            table.add([
                subject, limit["measure" as String]?.string ?? "", limit["window" as String]?.string ?? "",
                figure("limit"), figure("used"), figure("reserved"),
                limit["windowEnd" as String]?.string ?? "", zone,
            ])
        }
    }

    private static func encoded(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("&", with: "%26").replacing("+", with: "%2B")
            .replacing("#", with: "%23")
    }
}
