import CCurl
import HTTP

/// The header fields of one request as libcurl's linked list, in one reused allocation.
///
/// `curl_slist_append` would copy each field into allocations of its own and walk the list each time.
struct RequestFields: ~Copyable {
    private var text: UnsafeMutablePointer<CChar>
    private var textCapacity: Int
    private var textCount = 0
    private var nodes: UnsafeMutablePointer<curl_slist>
    private var nodeCapacity: Int
    private var nodeCount = 0

    /// Bytes of fields in one request.
    static let bytesMax = 1 << 20

    init() {
        textCapacity = 2048
        nodeCapacity = 32
        text = .allocate(capacity: textCapacity)
        nodes = .allocate(capacity: nodeCapacity)
    }

    deinit {
        text.deallocate()
        nodes.deallocate()
    }

    /// Replaces the content by the fields of `request`, and switches off what libcurl would add by itself.
    mutating func fill(_ headers: HTTPHeaders, hasBody: Bool) throws(HTTPClientError) {
        textCount = 0
        nodeCount = 0
        var hasAccept = false
        var hasType = false
        var isRefused = false
        headers.forEachRaw { name, value in
            switch name.count {
            case 6 where name.isSame(as: "expect"): return
            case 6 where name.isSame(as: "accept"): hasAccept = true
            case 12 where name.isSame(as: "content-type"): hasType = true
            case 14 where name.isSame(as: "content-length"): return
            case 17 where name.isSame(as: "transfer-encoding"): return
            default: break
            }
            if !add(name, value) { isRefused = true }
        }
        guard !isRefused else { throw .badRequest(.init("a header field cannot be sent as it is")) }
        // A name and a colon alone make libcurl leave out its own field.
        append("Expect:")
        if !hasAccept { append("Accept:") }
        if hasBody, !hasType { append("Content-Type:") }
    }

    /// The list, valid until the next `fill`.
    mutating func list() -> UnsafeMutablePointer<curl_slist> {
        // The offsets become pointers only now, because the text may have moved while it grew.
        for index in 0..<nodeCount {
            let offset = Int(bitPattern: nodes[index].data)
            nodes[index].data = text + offset
            nodes[index].next = index + 1 < nodeCount ? nodes + index + 1 : nil
        }
        return nodes
    }

    /// Appends one field; false when it would break its line, or the limit.
    private mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard !name.isEmpty, name.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 58 && $0 != 59 }),
            value.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }),
            textCount + name.count + value.count < Self.bytesMax
        else { return false }
        beginNode()
        write(name)
        // libcurl drops a field whose value is empty unless a semicolon ends its name.
        if value.allSatisfy({ $0 == 32 || $0 == 9 }) {
            write(";")
        } else {
            write(": ")
            write(value)
        }
        write("\0")
        return true
    }

    private mutating func append(_ line: StaticString) {
        beginNode()
        write(line)
        write("\0")
    }

    private mutating func beginNode() {
        if nodeCount == nodeCapacity {
            let larger = UnsafeMutablePointer<curl_slist>.allocate(capacity: nodeCapacity * 2)
            larger.update(from: nodes, count: nodeCount)
            nodes.deallocate()
            nodes = larger
            nodeCapacity *= 2
        }
        nodes[nodeCount] = curl_slist(data: UnsafeMutablePointer(bitPattern: textCount), next: nil)
        nodeCount += 1
    }

    private mutating func write(_ text: StaticString) {
        write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) {
        if textCount + bytes.count > textCapacity {
            let capacity = max(textCapacity * 2, textCount + bytes.count)
            let larger = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
            larger.update(from: text, count: textCount)
            text.deallocate()
            text = larger
            textCapacity = capacity
        }
        UnsafeMutableRawBufferPointer(start: text + textCount, count: bytes.count)
            .copyMemory(from: bytes)
        textCount += bytes.count
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both are equal, ASCII letters compared without case; `lower` is in lower case.
    fileprivate func isSame(as lower: StaticString) -> Bool {
        lower.withUTF8Buffer { lower in
            count == lower.count
                && zip(self, lower).allSatisfy { $0 == $1 || ($0 >= 65 && $0 <= 90 && $0 | 32 == $1) }
        }
    }
}
