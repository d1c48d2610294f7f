package import LedgerCore

/// How far a journal is copied, and whose history it is.
package struct StoreCheckpoint: Hashable, Sendable {
    /// The last position stored; 0 before the first.
    package let position: Position
    /// The chain at that position.
    package let chain: [UInt8]

    static let chainBytes = 32

    /// Creates a checkpoint.
    package init(position: Position, chain: [UInt8]) {
        self.position = position
        self.chain = chain
    }
}
