import HTTP
import HTTPClient
import JSON

/// An answer that is not the stream that was asked for.
struct HTTPRefusal {
    private static let bodyBytesMax = 64 << 10

    private let head: HTTPResponseHead
    private let contentType: String
    private var body: [UInt8] = []

    /// Reads a head; nil when a stream of this type follows.
    init?(_ head: HTTPResponseHead, awaiting type: String) {
        let given = head.headers["content-type"] ?? ""
        let name = given.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        guard !(200...299).contains(head.status) || name != type else { return nil }
        self.head = head
        contentType = given
    }

    /// Takes the next bytes of the body; only its beginning is kept.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        body.append(contentsOf: bytes.prefix(Self.bodyBytesMax - body.count))
    }

    /// The failure; `what` answered.
    func failure(from what: String, parser: JSONParser) -> KernelFailure {
        guard !(200...299).contains(head.status) else {
            let type = contentType.isEmpty ? "no content type" : KernelWords.cleaned(contentType)
            return KernelFailure(.garbled, "\(what) answered with \(type), expected text/event-stream.")
        }
        let message = KernelWords.cleaned(Self.message(in: body, parser: parser) ?? "")
        // A budget's refusal is final until its window ends; a provider's own limit is worth another try.
        if head.status == 429, head.headers["x-should-retry"] == "false", !message.isEmpty {
            return KernelFailure(.quota, message)
        }
        return KernelFailure(
            .reported, "\(what) answered \(head.status)" + (message.isEmpty ? "." : ": \(message)"))
    }

    /// The words of an error, as the providers and RFC 9457 give them.
    static func message(in body: [UInt8], parser: JSONParser) -> String? {
        guard let document = try? parser.parse(body) else { return nil }
        let root = document.root
        return root["error"]?["message"]?.string ?? root["error"]?.string ?? root["detail"]?.string
            ?? root["message"]?.string ?? root["title"]?.string
    }
}

extension KernelFailure {
    /// The failure for a transfer that broke; `what` was to be reached.
    init(_ error: HTTPClientError, reaching what: String) {
        if case .timeout(let phase, _) = error, phase != .connect {
            self.init(.hang, "Nothing came from the kernel for too long: \(error.reason).")
        } else {
            self.init(.connection, "\(what) could not be reached, or broke off: \(error.reason).")
        }
    }
}
