import Synchronization
import Threads

/// The metrics of one service, made by the composition root and passed to whoever counts.
///
/// Asking for a family again gives the same one. Asking for it with another kind, help or labels is a mistake
/// in the program and stops it at the start, where families are made.
package final class MetricSet: Sendable {
    private let state = Lock(State())

    private struct State: Sendable {
        var families: [String: any RegisteredFamily] = [:]
        var collectors: [@Sendable (inout ExpositionWriter) -> Void] = []
    }

    package init() {}

    /// A counter of whole things.
    package func counter(
        _ name: String, help: String, labels: [String] = [], limits: FamilyLimits = FamilyLimits()
    ) -> Family<Counter> {
        register(name, help, labels, limits, options: ())
    }

    /// A counter of money or of another exact decimal.
    package func decimalCounter(
        _ name: String, help: String, labels: [String] = [], limits: FamilyLimits = FamilyLimits()
    ) -> Family<DecimalCounter> {
        register(name, help, labels, limits, options: ())
    }

    /// A value that goes up and down.
    package func gauge(
        _ name: String, help: String, labels: [String] = [], limits: FamilyLimits = FamilyLimits()
    ) -> Family<Gauge> {
        register(name, help, labels, limits, options: ())
    }

    /// Observations in buckets with these inclusive upper bounds.
    package func histogram(
        _ name: String, help: String, labels: [String] = [],
        bounds: [Double] = Distribution.requestSeconds, limits: FamilyLimits = FamilyLimits()
    ) -> Family<Histogram> {
        register(name, help, labels, limits, options: bounds)
    }

    /// Adds families that are computed when somebody scrapes.
    ///
    /// `body` runs on the scraping thread, under no lock of this set; collectors run in the order they were
    ///   added.
    package func collect(_ body: @escaping @Sendable (inout ExpositionWriter) -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// How many look-ups were folded into `other`, over all families.
    package var folded: Int64 { registered().families.reduce(0) { $0 + $1.folded } }

    /// Writes every family and runs every collector; several sets may write into one writer.
    package func write(to writer: inout ExpositionWriter) {
        let (families, collectors) = registered()
        for family in families { family.write(to: &writer) }
        for collector in collectors { collector(&writer) }
    }

    /// The whole exposition of this set.
    package func render(_ format: ExpositionFormat) -> [UInt8] {
        var writer = ExpositionWriter(format)
        write(to: &writer)
        return writer.finish()
    }

    private func registered() -> (
        families: [any RegisteredFamily], collectors: [@Sendable (inout ExpositionWriter) -> Void]
    ) {
        state.withLock { (Array($0.families.values), $0.collectors) }
    }

    private func register<Child: Instrument>(
        _ name: String, _ help: String, _ labels: [String], _ limits: FamilyLimits, options: Child.Options
    ) -> Family<Child> {
        let made = Family<Child>(
            MetricFamily(name: name, kind: Child.kind, help: help), limits, labels: labels, options: options)
        return state.withLock { state in
            guard let known = state.families[name] else {
                state.families[name] = made
                return made
            }
            guard let same = known as? Family<Child>, same.family == made.family, same.labels == labels else {
                preconditionFailure("\(name) is registered already, with another kind, help or labels")
            }
            return same
        }
    }
}
