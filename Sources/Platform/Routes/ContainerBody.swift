import JSON
import LedgerCore

/// Reads `{"handle": …}`.
enum ContainerBody {
    static let bytesMax = 4_096

    static func read(_ bytes: [UInt8], parser: JSONParser) throws(ContainerBodyError) -> ContainerHandle {
        guard bytes.count <= bytesMax else { throw .malformed("The body is larger than \(bytesMax) bytes.") }
        let document: JSONDocument
        do throws(JSONError) { document = try parser.parse(bytes) } catch {
            throw .malformed("The body is not JSON: \(error.message).")
        }
        guard document.root.kind == .object else { throw .malformed("The body is not an object.") }
        var handle: ContainerHandle?
        for (key, value) in document.root.object {
            guard key == "handle" else {
                throw .malformed("\"\(key.prefix(64))\" is unknown; known: handle.")
            }
            guard handle == nil else { throw .malformed("handle is there twice.") }
            guard let found = value.string.flatMap({ ContainerHandle($0) }) else { throw .badHandle }
            handle = found
        }
        guard let handle else { throw .malformed("handle is missing.") }
        return handle
    }
}

/// Why a body provisions nothing.
enum ContainerBodyError: Error, Hashable {
    /// It is not what it should be; the text says how.
    case malformed(String)
    /// Its handle is none.
    case badHandle
}
