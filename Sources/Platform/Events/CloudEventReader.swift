import HTTP
import JSON

/// Reads CloudEvents 1.0 from a request: structured, binary, or a batch.
struct CloudEventReader {
    static let batchMax = 1_000
    static let bytesMax = 4 << 20
    private let parser: JSONParser

    init(_ parser: JSONParser) { self.parser = parser }

    /// The events of a request, in their order.
    func reports(_ head: HTTPRequestHead, _ body: [UInt8]) throws(ReportError) -> [UsageReport] {
        var type = Self.mediaType(head)
        // In binary mode the data may come without its type; JSON is the one that is taken.
        if type.isEmpty, head.headers["ce-specversion"] != nil { type = "application/json" }
        guard Self.mediaTypes.contains(type) else {
            throw ReportError("content-type", "must be one of \(Self.mediaTypes.joined(separator: ", "))")
        }
        let document = try document(body)
        switch type {
        case "application/cloudevents+json": return [try structured(document.root)]
        case "application/cloudevents-batch+json": return try batch(document.root)
        default: return [try UsageReport(try Self.attributes(head.headers), data: document.root)]
        }
    }

    private static let mediaTypes = [
        "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
    ]

    /// The content type without its parameters, in small letters.
    private static func mediaType(_ head: HTTPRequestHead) -> String {
        let text = head.headers["content-type"]?.split(separator: ";").first ?? ""
        return text.split(separator: " ").joined().lowercased()
    }

    private func document(_ body: [UInt8]) throws(ReportError) -> JSONDocument {
        do throws(JSONError) { return try parser.parse(body, depthMax: 16) } catch {
            throw ReportError("the body", "is \(error.message)")
        }
    }

    private func batch(_ root: JSONValue) throws(ReportError) -> [UsageReport] {
        guard root.kind == .array else { throw ReportError("the batch", "must be an array") }
        var reports: [UsageReport] = []
        for event in root.array {
            guard reports.count < Self.batchMax else {
                throw ReportError("the batch", "may have at most \(Self.batchMax) events")
            }
            do throws(ReportError) { reports.append(try structured(event)) } catch {
                throw ReportError("event \(reports.count + 1): \(error.field)", error.rule)
            }
        }
        guard !reports.isEmpty else { throw ReportError("the batch", "needs at least one event") }
        return reports
    }

    private func structured(_ event: JSONValue) throws(ReportError) -> UsageReport {
        guard event.kind == .object else { throw ReportError("the event", "must be an object") }
        var attributes: CloudEventAttributes = [:]
        var data: JSONValue?
        for (name, value) in event.object {
            let shown = String(name.prefix(64))
            if name == "data" {
                guard data == nil else { throw ReportError(shown, "stands twice") }
                data = value
                continue
            }
            guard Self.isAttribute(name) else {
                throw ReportError(shown, "is no attribute: those have a–z and 0–9 only; send data as JSON")
            }
            guard attributes[name] == nil else { throw ReportError(shown, "stands twice") }
            if value.isNull { continue }
            guard let text = value.string ?? Self.extensionText(name, value) else {
                throw ReportError(shown, "must be a string")
            }
            attributes[name] = text
        }
        try Self.checkData(attributes)
        return try UsageReport(attributes, data: data)
    }

    /// The attributes in `ce-` headers, their percent escapes resolved.
    private static func attributes(_ headers: HTTPHeaders) throws(ReportError) -> CloudEventAttributes {
        var attributes: CloudEventAttributes = [:]
        for (name, value) in headers where name.lowercased().hasPrefix("ce-") {
            let name = String(name.lowercased().dropFirst(3))
            guard isAttribute(name) else { throw ReportError("ce-\(name.prefix(64))", "is no attribute") }
            guard attributes[name] == nil else { throw ReportError("ce-\(name)", "stands twice") }
            guard let text = PercentEncoding.decode(value) else {
                throw ReportError("ce-\(name)", "must be percent-encoded UTF-8")
            }
            attributes[name] = text
        }
        guard !attributes.isEmpty else {
            throw ReportError(
                "content-type",
                "must be application/cloudevents+json, unless the attributes are in ce- headers")
        }
        return attributes
    }

    /// Attributes have small letters and digits; those that we do not know are extensions, and ignored.
    private static func isAttribute(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// An extension may be a number or a bool; the attributes that we know may not.
    private static func extensionText(_ name: String, _ value: JSONValue) -> String? {
        guard !known.contains(name) else { return nil }
        return value.rawNumber ?? value.bool.map { "\($0)" }
    }

    private static func checkData(_ attributes: CloudEventAttributes) throws(ReportError) {
        guard let type = attributes["datacontenttype"] else { return }
        guard type.split(separator: ";").first?.lowercased() == "application/json" else {
            throw ReportError("datacontenttype", "must be application/json")
        }
    }

    private static let known: Set<String> = [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
    ]
}
