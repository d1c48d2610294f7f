import HTTP

/// The header in which the official SDKs count how often they have tried again.
enum RetryHeader {
    static let name = "x-stainless-retry-count"

    /// Which try of its request this is; nil for the first, and for anything that is not one plain number.
    static func attempt(_ headers: HTTPHeaders) -> Int64? {
        guard let value = headers[name], value != "0", (1...2).contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !value.hasPrefix("0"),
            headers.all(name).count == 1, let count = Int64(value)
        else { return nil }
        return count + 1
    }
}

/// A header that links a call to an agent run or a conversation.
enum LinkHeader {
    /// The value, when it is 1 to 128 visible ASCII characters; others link nothing.
    static func value(_ header: String?) -> String? {
        guard let header, (1...128).contains(header.utf8.count),
            header.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return header
    }
}
