/// One labelled child of a family: what code increments, sets or observes.
package protocol Instrument: AnyObject, Sendable {
    /// What a family needs to make a child, besides its labels.
    associatedtype Options: Sendable
    /// The kind of metric.
    static var kind: MetricKind { get }

    init(name: String, labels: [(key: String, value: String)], options: Options)

    /// Appends the child's lines.
    func append(to bytes: inout [UInt8])
}
