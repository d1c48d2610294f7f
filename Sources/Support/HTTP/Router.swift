/// Finds the handler for a method and a path.
///
/// A template's segment is literal, `{open}`, or, as the last one, `*` for any rest. A literal beats an open
/// segment and an open one beats the rest, whatever the order of registration.
package struct Router {
    /// Answers an exchange that matched.
    package typealias Handler = (HTTPExchange, RouteParameters) -> Void

    private var root = Node()
    /// Routes without open segments, by path and method: found without cutting the path up.
    private var literal: [String: [String: Route]] = [:]

    /// No routes.
    package init() {}

    /// Adds a route; GET also serves HEAD, without the body.
    package mutating func on(_ method: String, _ template: String, _ handler: @escaping Handler) {
        precondition(template.utf8.first == UInt8(ascii: "/"), "a template begins with /")
        var names: [String] = []
        let segments = Router.segments(template).map { segment -> Segment in
            if segment == "*" { return .rest }
            guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return .literal(String(segment)) }
            names.append(String(segment.dropFirst().dropLast()))
            return .open
        }
        precondition(!segments.dropLast().contains(.rest), "* is the last segment of a template")
        let route = Route(method: method, template: template, names: names, handler: handler)
        root.insert(route, at: segments[...])
        if names.isEmpty, segments.last != .rest { literal[template, default: [:]][method] = route }
    }

    /// Answers `exchange` by its route, or with 404, or with 405 and what is allowed.
    package func dispatch(_ exchange: HTTPExchange) {
        let head = exchange.head
        if let route = literal[head.path]?[head.method] {
            exchange.route = route.template
            return route.handler(exchange, RouteParameters([]))
        }
        let segments = Router.segments(head.path)
        var search = Search(methods: head.method == "HEAD" ? ["HEAD", "GET"] : [head.method])
        if let found = root.find(segments[...], [], &search) {
            exchange.route = found.route.template
            guard let parameters = found.parameters else { return Router.badPath.response(on: exchange) }
            return found.route.handler(exchange, parameters)
        }
        guard !search.allowed.isEmpty else { return Router.notFound.response(on: exchange) }
        if search.allowed.contains("GET") { search.allowed.insert("HEAD") }
        let allow = search.allowed.sorted().joined(separator: ", ")
        Router.notAllowed.response(on: exchange, headers: ["allow": allow])
    }

    private static func segments(_ path: String) -> [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    private static let notFound = Problem(
        status: 404, type: "/problems/not-found", title: "Not found",
        detail: "There is nothing at this path."
    )
    private static let notAllowed = Problem(
        status: 405, type: "/problems/method-not-allowed", title: "Method not allowed",
        detail: "This path does not take the method; see the allow header.")
    private static let badPath = Problem(
        status: 400, type: "/problems/bad-path", title: "Bad path",
        detail: "The path is not valid percent-encoded UTF-8.")
}

private enum Segment: Hashable {
    case literal(String)
    case open
    case rest
}

private struct Route {
    let method: String
    let template: String
    let names: [String]
    let handler: Router.Handler

    /// The values by name; nil when one is wrongly encoded.
    func parameters(_ values: [Substring], rest: String?) -> RouteParameters? {
        var pairs: [(name: String, value: String)] = []
        for (name, value) in zip(names, values) {
            guard let value = PercentEncoding.decode(value) else { return nil }
            pairs.append((name, value))
        }
        if let rest { pairs.append(("*", rest)) }
        return RouteParameters(pairs)
    }
}

/// What a search looks for, and the methods that it passed by.
private struct Search {
    let methods: [String]
    var allowed: Set<String> = []

    /// The route for the best method; notes the others.
    mutating func choose(_ routes: [String: Route]) -> Route? {
        for method in methods { if let route = routes[method] { return route } }
        allowed.formUnion(routes.keys)
        return nil
    }
}

/// One segment of the tree of templates.
private struct Node {
    private var literals: [String: Node] = [:]
    private var open: [Node] = []
    private var rest: [String: Route] = [:]
    private var routes: [String: Route] = [:]

    mutating func insert(_ route: Route, at segments: ArraySlice<Segment>) {
        switch segments.first {
        case nil: routes[route.method] = route
        case .rest: rest[route.method] = route
        case .literal(let name): literals[name, default: Node()].insert(route, at: segments.dropFirst())
        case .open:
            if open.isEmpty { open.append(Node()) }
            open[0].insert(route, at: segments.dropFirst())
        }
    }

    func find(
        _ segments: ArraySlice<Substring>, _ values: [Substring], _ search: inout Search
    ) -> (route: Route, parameters: RouteParameters?)? {
        guard let segment = segments.first else {
            guard !routes.isEmpty, let route = search.choose(routes) else { return nil }
            return (route, route.parameters(values, rest: nil))
        }
        let left = segments.dropFirst()
        if !literals.isEmpty, let node = literals[String(segment)],
            let found = node.find(left, values, &search)
        {
            return found
        }
        if let node = open.first, !segment.isEmpty,
            let found = node.find(left, values + [segment], &search)
        {
            return found
        }
        guard !rest.isEmpty, let route = search.choose(rest) else { return nil }
        return (route, route.parameters(values, rest: segments.joined(separator: "/")))
    }
}
