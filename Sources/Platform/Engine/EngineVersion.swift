import JSON

/// What an engine says of itself, and the version of its API that is spoken with it.
struct EngineVersion: Hashable {
    /// `1.41`: what stands in each path.
    let api: APIVersion
    /// Whether it is Podman, which says some things in its own way.
    let isPodman: Bool

    /// The newest version that is asked for.
    static let newest = APIVersion(major: 1, minor: 43)
    /// The oldest version that will do: one-shot statistics came with it.
    static let oldest = APIVersion(major: 1, minor: 41)

    /// Reads the answer to `GET /version`.
    init(_ body: [UInt8]) throws(EngineError) {
        let root = try EngineJSON.object(body, of: "/version")
        guard let theirs = APIVersion(root["ApiVersion"]?.string ?? "") else {
            throw .malformed("/version names no ApiVersion")
        }
        guard theirs >= Self.oldest else {
            throw .refused(
                status: 0,
                message: "the engine speaks API \(theirs.text); at least \(Self.oldest.text) is needed: "
                    + "Docker 20.10 or Podman 4")
        }
        // Newer engines drop old versions: what they call their oldest is then spoken.
        let theirOldest = APIVersion(root["MinAPIVersion"]?.string ?? "") ?? Self.oldest
        api = min(max(Self.newest, theirOldest), theirs)
        let names = (root["Components"]?.array).map { $0.compactMap { $0["Name"]?.string } } ?? []
        isPodman = names.contains { $0.lowercased().contains("podman") }
    }
}

/// A version of the engine's API.
struct APIVersion: Hashable, Comparable {
    let major: Int
    let minor: Int

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.41`; nil for any other text.
    init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt16(parts[0]), let minor = UInt16(parts[1]) else { return nil }
        self.init(major: Int(major), minor: Int(minor))
    }

    var text: String { "\(major).\(minor)" }

    static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
