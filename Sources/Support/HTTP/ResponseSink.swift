/// Where an exchange sends its answer: a connection, or memory.
///
/// The exchange calls in order (one head, then bytes, then the end) and never again after the end.
package protocol ResponseSink: AnyObject {
    /// Takes a whole answer.
    func send(_ head: ResponseHead, whole body: [UInt8])
    /// Takes the head of a streamed answer.
    func send(_ head: ResponseHead)
    /// Takes bytes of the body; false when the exchange should wait for its drain.
    func send(_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Bytes that the client has not taken yet.
    var queuedBytes: Int { get }
    /// Whether the client has said that it sends no more, or has closed: it looks the same.
    var inputEnded: Bool { get }
    /// Takes the head that ends HTTP on this connection; nil when the client has gone.
    func upgrade(_ head: ResponseHead) -> UpgradedConnection?
    /// Ends the answer.
    func end()
    /// Breaks the answer off so that the client notices.
    func abort()
    /// Lets go of a client that sends no more, and tells the exchange.
    func leave()
}
