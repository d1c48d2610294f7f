import CCurl

/// libcurl's process-wide state.
enum CurlLibrary {
    private static let code = ccurl_global_init()

    /// Initialises the library at the first call.
    static func prepare() throws(HTTPClientError) {
        guard code == 0 else { throw .other(code: code, .init("libcurl does not start")) }
    }
}
