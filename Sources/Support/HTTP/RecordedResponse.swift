/// An answer kept in memory, for tests of handlers without a socket.
package final class RecordedResponse: ResponseSink {
    /// The status; 0 until the head was sent.
    package private(set) var status = 0
    /// The fields.
    package private(set) var headers: HTTPHeaders = [:]
    /// The framing.
    package private(set) var framing = ResponseHead.Framing.none
    /// The body so far, without framing.
    package private(set) var body: [UInt8] = []
    /// Whether the answer has ended in order.
    package private(set) var isComplete = false
    /// Whether the answer was broken off.
    package private(set) var isAborted = false
    /// Never: nobody is at the other end.
    package let inputEnded = false
    /// What the next writes return; false lets a test play the slow reader.
    package var acceptsMore = true

    /// An empty answer.
    package init() {}

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    package func send(_ head: ResponseHead, whole body: [UInt8]) {
        send(head)
        self.body = body
        end()
    }

    package func send(_ head: ResponseHead) {
        status = head.status
        headers = head.headers
        framing = head.framing
    }

    package func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        body.append(contentsOf: bytes)
        return acceptsMore
    }

    package var queuedBytes: Int { 0 }

    package func upgrade(_ head: ResponseHead) -> UpgradedConnection? {
        send(head)
        end()
        return UpgradedConnection(nil)
    }

    package func end() { isComplete = true }

    package func abort() { isAborted = true }

    package func leave() { abort() }
}
