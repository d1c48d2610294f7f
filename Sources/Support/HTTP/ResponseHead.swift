/// Status, fields and framing of an answer.
package struct ResponseHead: Sendable {
    /// How the client finds the end of the body.
    package enum Framing: Hashable, Sendable {
        /// A `content-length` of this many bytes; an answer to HEAD has one and no body.
        case length(Int)
        /// Chunks.
        case chunked
        /// The end of the connection: HTTP/1.0 without a length.
        case untilClose
        /// None: the connection leaves HTTP after the head.
        case upgrade
        /// A status that has no body: 204 and 304.
        case none
    }

    /// The status.
    package var status: Int
    /// The fields that the handler gave.
    package var headers: HTTPHeaders
    /// The framing that follows from the request, the status and the fields.
    package var framing: Framing
    /// Whether no body follows although the framing speaks of one: an answer to HEAD.
    package var isBodyless = false
}
