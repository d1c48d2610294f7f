internal import JSON

/// The images of a request that stand where the provider reads them as images, and what it refers to
/// elsewhere.
///
/// An image's bytes are pixels, not text, so the size of its data says nothing of its tokens. Anywhere else
/// the same words may be text: a tool's input, say, is read letter by letter. Of repeated keys each counts,
/// as a provider may read another one than we do.
package struct RequestImages: Hashable, Sendable {
    /// How many there are.
    package private(set) var count = 0
    /// Bytes of the request that are their data.
    package private(set) var dataBytes = 0
    /// How often they say `image` and the like: their share of a request's media words.
    package private(set) var words = 0
    /// Whether documents or conversations that are not in the request are to be read: files, URLs.
    package private(set) var hasReferences = false

    /// Creates a count of none.
    package init() {}

    /// Counts the images of a request's body.
    init(_ root: JSONValue, kind: APIKind) {
        switch kind {
        case .messages:
            for block in items(of: "content", inItemsOf: "messages", of: root) {
                countBlock(block)
                guard isType(block, "tool_result") else { continue }
                for inner in items(of: "content", in: block) { countBlock(inner) }
            }
        case .chatCompletions:
            for part in items(of: "content", inItemsOf: "messages", of: root) { countPart(part) }
        case .responses:
            for item in items(of: "input", in: root) where isType(item, "item_reference") {
                hasReferences = true
            }
            for key in ["content", "output"] {
                for part in items(of: key, inItemsOf: "input", of: root) { countInputPart(part) }
            }
        case .geminiGenerate, .geminiStreamGenerate:
            for part in items(of: "parts", inItemsOf: "contents", of: root) { countInline(part) }
        default: break
        }
    }

    /// Adds `other`.
    mutating func add(_ other: RequestImages) {
        count += other.count
        dataBytes += other.dataBytes
        words += other.words
        hasReferences = hasReferences || other.hasReferences
    }

    private mutating func countBlock(_ block: JSONValue) {
        if isType(block, "container_upload") { hasReferences = true }
        if isType(block, "document") {
            let isElsewhere = values(of: "source", in: block).contains {
                isType($0, "url") || isType($0, "file")
            }
            if isElsewhere { hasReferences = true }
        }
        guard isType(block, "image"), let source = block["source"] else { return }
        count += 1
        words += 1
        if isType(source, "base64"), !isTwofold(block), !isTwofold(source) {
            dataBytes += source["data"]?.stringByteCount ?? 0
        }
    }

    private mutating func countPart(_ part: JSONValue) {
        if isType(part, "file"), values(of: "file", in: part).contains(where: { $0["file_id"] != nil }) {
            hasReferences = true
        }
        guard isType(part, "image_url") else { return }
        countAddress(part["image_url"]?["url"] ?? part["image_url"], words: 2)
    }

    private mutating func countInputPart(_ part: JSONValue) {
        if isType(part, "input_file"), part["file_id"] != nil || part["file_url"] != nil {
            hasReferences = true
        }
        guard isType(part, "input_image") else { return }
        countAddress(part["image_url"], words: part["image_url"] == nil ? 1 : 2)
    }

    private mutating func countAddress(_ address: JSONValue?, words: Int) {
        count += 1
        self.words += words
        if let address, address.beginsWith("data:image/") { dataBytes += address.stringByteCount ?? 0 }
    }

    private mutating func countInline(_ part: JSONValue) {
        if part["fileData"] != nil || part["file_data"] != nil { hasReferences = true }
        guard let data = part["inlineData"] ?? part["inline_data"],
            (data["mimeType"] ?? data["mime_type"])?.beginsWith("image/") ?? false
        else { return }
        count += 1
        words += 1
        let isOneName = part["inlineData"] == nil || part["inline_data"] == nil
        guard isOneName, !isTwofold(part), !isTwofold(data),
            data["mimeType"] == nil || data["mime_type"] == nil
        else { return }
        dataBytes += data["data"]?.stringByteCount ?? 0
    }

    /// Whether another reader may find something else in it: then its bytes count as text.
    private func isTwofold(_ object: JSONValue) -> Bool { object.repeatedKey != nil }

    /// Every value that `object` has for `key`.
    private func values(of key: String, in object: JSONValue) -> [JSONValue] {
        object.object.filter { $0.key == key }.map(\.value)
    }

    private func items(of key: String, in object: JSONValue) -> [JSONValue] {
        values(of: key, in: object).flatMap { Array($0.array) }
    }

    private func items(of key: String, inItemsOf list: String, of root: JSONValue) -> [JSONValue] {
        items(of: list, in: root).flatMap { items(of: key, in: $0) }
    }

    private func isType(_ object: JSONValue, _ type: StaticString) -> Bool {
        values(of: "type", in: object).contains { $0.isString(type) }
    }
}
