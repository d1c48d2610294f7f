import LedgerCore
import Testing

@testable import LedgerStore
import TestSupport

/// Sums by time, whichever table they are read from.
@Suite("Tables of sums")
struct RollupTableTests {
    static let journal = SampleJournal()

    private static func breakdown(
        _ bucket: UsageBucketLength, _ dimensions: Set<UsageDimension>, user: UserID? = nil
    ) -> UsageBreakdown {
        let time = journal.event(1).recordedAt
        return UsageBreakdown(
            from: time, to: time.day.next.start, bucket: bucket, dimensions: dimensions, user: user)
    }

    static let choices: [(UsageBucketLength, Set<UsageDimension>, RollupTable)] = [
        (.day, [], .byModelDaily), (.day, [.model], .byModelDaily),
        (.day, [.kind, .source, .provider, .model], .byModelDaily), (.day, [.user], .byUserDaily),
        (.day, [.user, .model], .daily), (.hour, [], .byModelHourly), (.hour, [.model], .byModelHourly),
        (.hour, [.user], .hourly),
    ]

    @Test(
        "a question is answered from the table with the fewest rows that keeps apart what is asked for",
        arguments: choices)
    func smallest(_ bucket: UsageBucketLength, _ dimensions: Set<UsageDimension>, _ table: RollupTable) {
        #expect(RollupTable(for: Self.breakdown(bucket, dimensions)) == table)
        let ofOne = RollupTable(for: Self.breakdown(bucket, dimensions, user: UserID("someone")))
        #expect(ofOne.dimensions.isSuperset(of: dimensions.union([.user])) && ofOne.bucket == bucket)
    }

    @Test("every breakdown comes to the same, from every table")
    func sums() throws {
        let database = try TestDatabase()
        let store = try database.open()
        _ = try store.resume(journalEnd: Position(9), chainAt: Self.journal.chain(at:))
        try store.ingest(Self.journal.batch(1...4))
        try store.ingest(Self.journal.batch(5...9))
        let rows = SampleJournal.sums(of: (1...9).map(Self.journal.event))
        for choice in 0..<(1 << UsageDimension.allCases.count) {
            let dimensions = Set(
                UsageDimension.allCases.enumerated().filter { choice >> $0.offset & 1 == 1 }.map(\.element))
            for bucket in UsageBucketLength.allCases {
                for user in [nil, rows.keys.first?.user] {
                    let breakdown = Self.breakdown(bucket, dimensions, user: user)
                    var expected: [UsageGroup: UsageSums] = [:]
                    for (key, sums) in rows where user == nil || key.user == user {
                        let group = breakdown.group(key, at: bucket.start(of: key.hour))
                        expected[group, default: UsageSums()].add(sums)
                    }
                    let found = try store.usage(breakdown, rowsMax: 100)
                    #expect(found.position == Position(9))
                    #expect(found.rows.mapValues(\.calls) == expected.mapValues(\.calls))
                    #expect(found.rows.mapValues(\.cost) == expected.mapValues(\.cost))
                }
            }
        }
    }
}
