/// What opening a journal found and did.
package struct Recovery: Hashable, Sendable {
    /// The last position; 0 when the journal is empty.
    package let position: Int64
    /// The last line's chain.
    package let chain: ChainHash
    /// How many lines were verified.
    package let eventsChecked: Int
    /// How many segments there are.
    package let segments: Int
    /// Bytes that were never acknowledged, taken out of the journal and kept.
    package let setAside: [SetAside]

    /// Bytes that were never acknowledged: where they stood and where they are now.
    package struct SetAside: Hashable, Sendable {
        package let segment: SegmentName
        /// Where in the segment they began.
        package let byteOffset: Int
        package let bytes: Int
        package let keptAsPath: String
    }
}
