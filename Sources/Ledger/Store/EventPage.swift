package import LedgerCore

/// Ten thousand positions of a journal, of which both sides make one digest.
package struct EventPage: Hashable, Comparable, Strideable, Sendable {
    private let number: Int64

    private static let positionsCount: Int64 = 10_000

    /// The page that `position` is in.
    package init(of position: Position) { self.init(number: (position.value - 1) / Self.positionsCount) }

    private init(number: Int64) { self.number = number }

    /// Its positions, whether or not there is an event at each.
    package var positions: ClosedRange<Position> {
        Position(number * Self.positionsCount + 1)...Position((number + 1) * Self.positionsCount)
    }

    package func distance(to other: EventPage) -> Int64 { other.number - number }

    package func advanced(by pages: Int64) -> EventPage { EventPage(number: number + pages) }
}
