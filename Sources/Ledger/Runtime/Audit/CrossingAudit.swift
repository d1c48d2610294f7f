import LedgerCore

/// Compares the crossings that a journal records with those that its own fold asks for.
///
/// A crossing stands directly behind what causes it, in the same write. A crash may have cut a write short
/// between the two: a crossing that is missing at the end of a write is only remarked on, unless what comes
/// next to the same limit leaves it out again. No write that goes on can have lost one.
struct CrossingAudit {
    private var awaited: [Awaited] = []
    /// Crossings that were not there, by what they are of.
    private var missing: [Name: Awaited] = [:]

    /// A crossing that the state asks for.
    private struct Awaited {
        let crossing: ThresholdCrossed
        let place: String
        let time: Timestamp
    }

    /// What one crossing is of: recorded once.
    private struct Name: Hashable {
        let subject: QuotaSubject
        let limit: Limit
        let threshold: Int64
        let windowEnd: Timestamp

        init(_ crossing: ThresholdCrossed) {
            subject = crossing.subject
            limit = crossing.limit.withoutThresholds
            threshold = crossing.threshold
            windowEnd = crossing.windowEnd
        }
    }

    /// Crossings that may have been cut off by a crash, in the order of their places.
    var remarks: [String] {
        (Array(missing.values) + awaited)
            .sorted { $0.time < $1.time }
            .map { "\(Self.missed($0)), and not recorded: a crash may have cut it off" }
    }

    /// What is wrong with the event at `place`, which is the next one after `state`, or with those before it.
    mutating func check(_ recorded: RecordedEvent, _ place: String, after state: LedgerState) -> [String] {
        let place = "\(place) (position \(recorded.position.value))"
        guard case .thresholdCrossed(let crossing) = recorded.event else {
            let findings = giveUp(at: recorded.timestamp)
            awaited = state.crossings(causedBy: recorded.event, at: recorded.timestamp).compactMap {
                guard case .thresholdCrossed(let crossing) = $0 else { return nil }
                return Awaited(crossing: crossing, place: place, time: recorded.timestamp)
            }
            return findings
        }
        let name = Name(crossing)
        guard let expected = awaited.first(where: { Name($0.crossing) == name }) else {
            return ["\(place): \(Self.text(crossing)) is not crossed here"]
        }
        let isInOrder = awaited.first.map { Name($0.crossing) } == name && recorded.timestamp == expected.time
        awaited.removeAll { Name($0.crossing) == name }
        missing[name] = nil
        guard isInOrder else {
            return ["\(place): \(Self.text(crossing)) is not recorded where it is crossed"]
        }
        return crossing.says(expected.crossing)
            ? [] : ["\(place): \(Self.text(crossing)): not the figures that the state before comes to"]
    }

    /// Ends the wait for crossings at an event at `time`; returns what is wrong.
    private mutating func giveUp(at time: Timestamp) -> [String] {
        var findings: [String] = []
        for lost in awaited {
            let name = Name(lost.crossing)
            let before = missing.removeValue(forKey: name)
            if before == nil, lost.time != time {
                missing[name] = lost
            } else {
                findings += [before, lost].compactMap { $0 }.map { "\(Self.missed($0)), and not recorded" }
            }
        }
        awaited = []
        return findings
    }

    private static func missed(_ lost: Awaited) -> String {
        "\(lost.place): \(text(lost.crossing)) is crossed by this"
    }

    private static func text(_ crossing: ThresholdCrossed) -> String {
        let limit = crossing.limit
        return
            "\(crossing.threshold) % of \(crossing.subject.text)'s \(limit.measure.rawValue) a \(limit.window.rawValue)"
    }
}

extension Limit {
    /// The limit itself: a crossing records no other thresholds than its own.
    fileprivate var withoutThresholds: Limit { Limit(measure, window, amount: amount) }
}

extension ThresholdCrossed {
    /// Whether it has the figures of `other`.
    fileprivate func says(_ other: ThresholdCrossed) -> Bool {
        used == other.used && windowStart == other.windowStart && windowEnd == other.windowEnd
    }
}
