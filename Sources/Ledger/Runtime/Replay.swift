package import LedgerCore
package import LedgerJournal

/// Reads a journal's events from one place to another, in order.
package struct Replay: Sendable {
    private let logsDirectory: String
    private let origin: String

    /// Reads the segments in `logsDirectory`, whose chain starts with `origin`.
    package init(logsDirectory: String, origin: String) {
        self.logsDirectory = logsDirectory
        self.origin = origin
    }

    /// Hands every event after `mark` to `body`.
    ///
    /// - Throws: ``LedgerError/journal(_:)`` with file and line for damage,
    ///   ``LedgerError/undecodable(file:line:_:)`` for a line that is no event.
    package func run(
        from mark: JournalMark? = nil, upTo limit: JournalMark? = nil, verifyingChain: Bool = true,
        _ body: (RecordedEvent) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        try lines(from: mark, upTo: limit, verifyingChain: verifyingChain) { line throws(LedgerError) in
            try body(try Self.decode(line))
        }
    }

    /// Hands every line after `mark` to `body`, and returns the place after the last.
    @discardableResult
    package func lines(
        from mark: JournalMark? = nil, upTo limit: JournalMark? = nil, verifyingChain: Bool = true,
        _ body: (JournalLine) throws(LedgerError) -> Void
    ) throws(LedgerError) -> JournalMark {
        do {
            var reader = try JournalReader(
                directory: logsDirectory, origin: origin, from: mark, verifyingChain: verifyingChain)
            while let line = try reader.next(upTo: limit) { try body(line) }
            return reader.mark
        } catch let error as LedgerError {
            throw error
        } catch { throw .journal("\(error)") }
    }

    /// Hands every event from `first` on to `body`, until it returns false.
    ///
    /// - Throws: as ``run(from:upTo:verifyingChain:_:)``.
    func lines(
        startingAt first: Position, _ body: (JournalLine) throws(LedgerError) -> Bool
    ) throws(LedgerError) {
        do {
            var reader = try JournalReader.starting(
                after: first.value - 1, directory: logsDirectory, origin: origin)
            while let line = try reader.next(), try body(line) {}
        } catch let error as LedgerError {
            throw error
        } catch { throw .journal("\(error)") }
    }

    /// The place after `position`, found in the segment that has it.
    ///
    /// - Throws: ``LedgerError/journal(_:)`` for damage, and when the journal does not reach so far.
    package func mark(at position: Position) throws(LedgerError) -> JournalMark {
        do throws(JournalError) {
            let reader = try JournalReader.starting(
                after: position.value, directory: logsDirectory, origin: origin, verifyingChain: false)
            guard reader.mark.position == position.value else { throw .failed }
            return reader.mark
        } catch { throw .journal("\(error)") }
    }

    /// The event in a line.
    package static func decode(_ line: JournalLine) throws(LedgerError) -> RecordedEvent {
        do throws(CodecError) { return try EventDecoder.decode(line.bytes) } catch {
            throw .undecodable(file: line.segment.description, line: line.line, error)
        }
    }
}
