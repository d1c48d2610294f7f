import Crypto
package import LedgerCore

/// What containers used, hour by hour, on its way into the ledger.
///
/// Nothing is billed unless the price book has a price for compute. What an hour used is recorded once it is
/// over, under a name that follows from the hour: a repetition counts once. An hour cut off by the end of the
/// process is recorded in parts; a crash loses what its hour had used so far.
///
/// Loop thread only.
package final class ComputeBill {
    /// Records one report; answers on the loop, later, how that went.
    package typealias Submit = (UsageReported, _ then: @escaping (Submission) -> Void) -> Void

    /// How the ledger took a report.
    package enum Submission: Hashable, Sendable {
        /// It is recorded, now or before.
        case recorded
        /// It cannot be recorded now.
        case unavailable
        /// It contradicts what is recorded.
        case refused
    }

    private struct Line {
        let user: UserID
        var cpuMilliseconds: Int64 = 0
        var memoryMebibyteSeconds: Int64 = 0
    }

    private let origin: String
    private let prices: PriceBook
    private let now: () -> Timestamp
    private let submit: Submit
    private let startedAt: Timestamp
    private var hour: Timestamp
    private var lines: [ContainerHandle: Line] = [:]
    /// The latest hour that was recorded as a whole.
    private var lastHour: Timestamp?
    private var partsMade = 0
    /// Reports that are not recorded yet, oldest first.
    private var owed: [UsageReported] = []
    private var isSubmitting = false
    private var onEnd: (() -> Void)?
    /// Reports given up: refused, or too many owed.
    package private(set) var lost = 0

    /// Who reports.
    package static let source = "platform"
    private static let owedMax = 20_000

    /// Creates a bill of nothing.
    package init(
        origin: String, prices: PriceBook, now: @escaping () -> Timestamp, submit: @escaping Submit
    ) {
        self.origin = origin
        self.prices = prices
        self.now = now
        self.submit = submit
        startedAt = now()
        hour = startedAt.hour
    }

    /// Adds what a container used in the interval that ends now.
    package func add(_ usage: ContainerUsage) {
        roll()
        guard prices.compute(at: hour) != nil else { return }
        var line = lines[usage.handle] ?? Line(user: usage.user)
        line.cpuMilliseconds = line.cpuMilliseconds.addingClamped(max(usage.cpuMilliseconds, 0))
        line.memoryMebibyteSeconds =
            line.memoryMebibyteSeconds.addingClamped(max(usage.memoryMebibyteSeconds, 0))
        lines[usage.handle] = line
    }

    /// Records the hour when it is over, and what is still owed.
    package func roll() {
        let current = now().hour
        if current != hour {
            close(isWhole: current > hour)
            hour = current
        }
        submitOwed()
    }

    /// Records what there is, as part of its hour; `then` when the ledger has answered to all of it.
    package func finish(then: @escaping () -> Void) {
        roll()
        close(isWhole: false)
        onEnd = then
        submitOwed()
        endWhenDone()
    }

    private func close(isWhole: Bool) {
        guard let price = prices.compute(at: hour) else { return lines = [:] }
        // An hour that comes twice, when the clock was set back, is recorded in parts too.
        let isFirst = lastHour.map { $0 < hour } ?? true
        if isWhole, isFirst { lastHour = hour }
        var suffix = ""
        if !isWhole || !isFirst {
            partsMade += 1
            suffix = "/\(startedAt.microseconds).\(partsMade)"
        }
        for (handle, line) in lines.sorted(by: { $0.key < $1.key }) {
            owed.append(report(handle, line, price, suffix))
        }
        lines = [:]
        if owed.count > Self.owedMax {
            lost += owed.count - Self.owedMax
            owed.removeFirst(owed.count - Self.owedMax)
        }
    }

    private func report(
        _ handle: ContainerHandle, _ line: Line, _ price: ComputePrice, _ suffix: String
    ) -> UsageReported {
        let id = "\(origin)/\(handle.text)/\(hour.text.prefix(13))\(suffix)"
        let said = "\(id) \(line.user.text) \(line.cpuMilliseconds) \(line.memoryMebibyteSeconds)"
        return UsageReported(
            user: line.user, source: Self.source, reportID: id, digest: SHA256.hash(of: said).hex,
            kind: .compute, provider: "platform", model: handle.text,
            cpuMilliseconds: line.cpuMilliseconds, memoryMebibyteSeconds: line.memoryMebibyteSeconds,
            cost: Self.cost(line, price), priceBook: prices.hash, usedAt: hour)
    }

    private static func cost(_ line: Line, _ price: ComputePrice) -> Cost {
        do throws(MoneyError) {
            let cost = try price.cost(
                cpuMilliseconds: line.cpuMilliseconds, mebibyteSeconds: line.memoryMebibyteSeconds)
            return cost <= .amountMax ? .priced(cost) : .unpriced(holding: .zero)
        } catch { return .unpriced(holding: .zero) }
    }

    /// One after another: what comes later is not recorded before what comes first.
    private func submitOwed() {
        guard !isSubmitting, let report = owed.first else { return }
        isSubmitting = true
        submit(report) { [self] submission in
            isSubmitting = false
            switch submission {
            case .recorded: owed.removeFirst()
            case .refused:
                owed.removeFirst()
                lost += 1
            case .unavailable: return endWhenDone(givesUp: true)
            }
            submitOwed()
            endWhenDone()
        }
    }

    private func endWhenDone(givesUp: Bool = false) {
        guard let then = onEnd, !isSubmitting, owed.isEmpty || givesUp else { return }
        lost += owed.count
        onEnd = nil
        then()
    }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
