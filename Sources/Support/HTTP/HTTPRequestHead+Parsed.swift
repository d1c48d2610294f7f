package import CHTTPParser

extension HTTPRequestHead {
    /// Copies a parsed head out of the read buffer: one allocation for the bytes, one for their places.
    package init(parsed head: http_head, _ bytes: UnsafeRawBufferPointer) {
        let count = Int(head.fields_count)
        var headers = HTTPHeaders()
        if count > 0, let places = head.fields {
            let start = places[0].name_offset
            let fields = [HTTPHeaders.Field](unsafeUninitializedCapacity: count) { fields, initialized in
                for index in 0..<count {
                    let place = places[index]
                    // An empty value may have no place of its own.
                    let value = place.value_length == 0 ? place.name_offset : place.value_offset
                    fields.initializeElement(
                        at: index,
                        to: HTTPHeaders.Field(
                            nameOffset: place.name_offset - start, nameLength: place.name_length,
                            valueOffset: value - start, valueLength: place.value_length))
                }
                initialized = count
            }
            headers = HTTPHeaders(bytes: Array(bytes[Int(start)...]), fields: fields)
        }
        let target = Int(head.target_offset)..<Int(head.target_offset) + Int(head.target_length)
        self.init(
            method: HTTPRequestHead.name(of: head.method),
            target: String(decoding: bytes[target], as: UTF8.self),
            headers: headers, minorVersion: Int(head.minor_version))
    }

    private static func name(of method: UInt8) -> String {
        switch llhttp_method(UInt32(method)) {
        case HTTP_GET: "GET"
        case HTTP_POST: "POST"
        case HTTP_HEAD: "HEAD"
        case HTTP_PUT: "PUT"
        case HTTP_DELETE: "DELETE"
        case HTTP_PATCH: "PATCH"
        default: "OPTIONS"
        }
    }
}
