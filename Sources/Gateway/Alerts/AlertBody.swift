import Crypto
import JSON
import LedgerCore

/// The body that Alertmanager (version 4) and Grafana post to a webhook.
enum AlertBody {
    static let bytesMax = 1 << 20
    static let alertsMax = 1_000
    private static let summaryCharactersMax = 300
    private static let nameCharactersMax = 128

    /// Reads every alert of a body, or none.
    static func read(_ body: [UInt8], parser: JSONParser) throws(AlertBodyError) -> [AlertReceived] {
        let root: JSONValue
        do throws(JSONError) { root = try parser.parse(body).root } catch { throw .json(error) }
        guard root.kind == .object else { throw .wrong("the body", "an object with alerts") }
        let from = sender(root)
        if from == "alertmanager", let version = root["version"], !version.isString("4") {
            throw .wrong("version", #""4""#)
        }
        guard let list = root["alerts"], list.kind == .array else { throw .wrong("alerts", "an array") }
        var alerts: [AlertReceived] = []
        for alert in list.array {
            guard alerts.count < alertsMax else { throw .wrong("alerts", "at most \(alertsMax)") }
            alerts.append(try read(alert, "alerts[\(alerts.count)]", from: from))
        }
        return alerts
    }

    /// Grafana's body is Alertmanager's and more.
    private static func sender(_ root: JSONValue) -> String {
        let first = root["alerts"]?.array.first { _ in true }
        let isGrafana =
            root["orgId"] != nil
            || ["valueString", "silenceURL", "dashboardURL"].contains { first?[$0 as String] != nil }
        return isGrafana ? "grafana" : "alertmanager"
    }

    private static func read(
        _ alert: JSONValue, _ path: String, from sender: String
    ) throws(AlertBodyError) -> AlertReceived {
        guard alert.kind == .object else { throw .wrong(path, "an object") }
        guard let status = AlertStatus(rawValue: alert["status"]?.string ?? "") else {
            throw .wrong("\(path).status", #""firing" or "resolved""#)
        }
        let labels = try texts(alert, "labels", path, isNeeded: true)
        let notes = try texts(alert, "annotations", path, isNeeded: false)
        guard let startsAt = try time(alert, "startsAt", path) else {
            throw .wrong("\(path).startsAt", "a time such as 2026-11-24T22:00:00.123Z")
        }
        // A firing alert may name the time at which it will be forgotten: that is not its end.
        let endsAt = try time(alert, "endsAt", path)
        return AlertReceived(
            fingerprint: try fingerprint(alert, labels, path), status: status,
            name: oneLine(labels["alertname"], nameCharactersMax) ?? "unnamed",
            severity: oneLine(labels["severity"], nameCharactersMax),
            summary: oneLine(notes["summary"], summaryCharactersMax)
                ?? oneLine(notes["description"], summaryCharactersMax),
            startsAt: startsAt, endsAt: status == .resolved ? endsAt : nil, from: sender)
    }

    /// The members of an object of strings.
    private static func texts(
        _ alert: JSONValue, _ key: String, _ path: String, isNeeded: Bool
    ) throws(AlertBodyError) -> [String: String] {
        guard let object = alert[key], !object.isNull || isNeeded else {
            guard isNeeded else { return [:] }
            throw .wrong("\(path).\(key)", "an object of strings")
        }
        guard object.kind == .object else { throw .wrong("\(path).\(key)", "an object of strings") }
        var texts: [String: String] = [:]
        for (name, value) in object.object {
            guard let text = value.string else {
                throw .wrong("\(path).\(key).\(name.cleanName(bytesMax: 64))", "a string")
            }
            if texts[name] == nil { texts[name] = text }
        }
        return texts
    }

    /// A moment; nil when it is absent, empty, or the zero of Go or of Unix.
    private static func time(
        _ alert: JSONValue, _ key: String, _ path: String
    ) throws(AlertBodyError) -> Timestamp? {
        guard let value = alert[key], !value.isNull, !value.isString("") else { return nil }
        guard let text = value.string, let time = RFC3339.timestamp(text) else {
            throw .wrong("\(path).\(key)", "a time such as 2026-11-24T22:00:00.123Z")
        }
        let isZero = time.microseconds == 0 || time == Timestamp(microseconds: .min)
        return isZero ? nil : time
    }

    /// What names the alert: as sent, or else a hash of its labels.
    private static func fingerprint(
        _ alert: JSONValue, _ labels: [String: String], _ path: String
    ) throws(AlertBodyError) -> String {
        guard let value = alert["fingerprint"], !value.isNull, !value.isString("") else {
            var hash = SHA256()
            // Lengths before the texts: no two sets of labels make the same bytes.
            for (name, text) in labels.sorted(by: { $0.key < $1.key }) {
                hash.update(Array("\(name.utf8.count):\(name)\(text.utf8.count):\(text)".utf8))
            }
            return String(hash.finish().hex.prefix(16))
        }
        guard let text = value.string, (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .wrong("\(path).fingerprint", "1 to 128 visible ASCII characters") }
        return text
    }

    /// A text as one line, white space and control characters made one space each; nil when nothing is left.
    private static func oneLine(_ text: String?, _ charactersMax: Int) -> String? {
        guard let text else { return nil }
        var line = String.UnicodeScalarView()
        // Four scalars a character are kept, and as many again may be white space.
        for scalar in text.unicodeScalars.prefix(8 * charactersMax) {
            let isSpace = scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
            if !isSpace {
                line.append(scalar)
            } else if line.last != " ", !line.isEmpty {
                line.append(" ")
            }
        }
        if line.last == " " { line.removeLast() }
        return line.isEmpty ? nil : String(line).cut(charactersMax: charactersMax)
    }
}

/// Why a body was not read.
enum AlertBodyError: Error, Hashable {
    /// It is not JSON.
    case json(JSONError)
    /// A field is not what it should be.
    case wrong(_ field: String, _ expected: String)

    /// What a person reads.
    var message: String {
        switch self {
        case .json(let error): "The body is \(error.message)."
        case .wrong(let field, let expected): "\(field) is not \(expected)."
        }
    }
}
