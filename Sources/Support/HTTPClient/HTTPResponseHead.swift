package import HTTP

/// Status and fields of the final response; interim ones (1xx) are never shown.
package struct HTTPResponseHead: Sendable, Equatable {
    /// 200 to 999.
    package let status: Int

    /// In the order in which they came.
    package let headers: HTTPHeaders

    /// A head.
    package init(status: Int, headers: HTTPHeaders) {
        self.status = status
        self.headers = headers
    }
}
