import CHTTPParser
import HTTP

/// A head that is accepted lies within its bytes, and has no field that another server could read otherwise.
enum HeadFuzz {
    private static let fieldsMax = 32

    static func complaint(about bytes: [UInt8]) -> String? {
        let parser = UnsafeMutablePointer<http_parser>.allocate(capacity: 1)
        let fields = UnsafeMutablePointer<http_field>.allocate(capacity: fieldsMax)
        defer {
            parser.deallocate()
            fields.deallocate()
        }
        http_parser_init(parser)
        var head = http_head()
        head.fields = fields
        head.fields_max = UInt32(fieldsMax)
        return bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            let end = http_head_end(base, 0, raw.count)
            guard end > 0 else { return nil }
            guard end <= raw.count else { return "the head ends behind its bytes" }
            guard http_head_parse(parser, &head, base, end) == HTTP_ACCEPTED else { return nil }
            let request = HTTPRequestHead(parsed: head, UnsafeRawBufferPointer(rebasing: raw[..<end]))
            guard !request.target.isEmpty else { return "a target of nothing" }
            guard !(head.chunked && head.has_length) else { return "two framings of one body" }
            return parts(of: head, within: end)
        }
    }

    private static func parts(of head: http_head, within end: Int) -> String? {
        guard Int(head.fields_count) <= fieldsMax else { return "more fields than there is room for" }
        for index in 0..<Int(head.fields_count) {
            let field = head.fields[index]
            let name = Int(field.name_offset) + Int(field.name_length)
            guard name <= end, Int(field.value_offset) + Int(field.value_length) <= end else {
                return "field \(index) lies outside the head"
            }
            guard field.name_length > 0 else { return "field \(index) has no name" }
        }
        return nil
    }
}
