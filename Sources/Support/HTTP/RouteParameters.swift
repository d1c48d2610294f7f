/// The decoded parts of a path that a route's template left open.
package struct RouteParameters: Sendable, Hashable {
    private var values: [(name: String, value: String)] = []

    init(_ values: [(name: String, value: String)]) { self.values = values }

    /// The value of `{name}`; `*` is the rest of the path under a trailing `/*`, still encoded.
    package subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }

    package static func == (left: RouteParameters, right: RouteParameters) -> Bool {
        left.values.elementsEqual(right.values) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        for (name, value) in values {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}
