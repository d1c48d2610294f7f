import CPostgres

/// The rows of one answer, read in place.
package struct PostgresResult: ~Copyable {
    private let raw: OpaquePointer

    /// Takes over `raw`, which must be a result with status `PGRES_TUPLES_OK` or `PGRES_COMMAND_OK`.
    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    /// How many rows came back.
    package var rowCount: Int { Int(PQntuples(raw)) }

    /// How many columns a row has.
    package var columnCount: Int { Int(PQnfields(raw)) }

    /// How many rows the command touched; 0 where that has no meaning.
    package var affectedRows: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }

    /// One value as text; nil for NULL and outside the rows.
    package func text(_ row: Int, _ column: Int) -> String? {
        guard let bytes = span(row, column) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One value's bytes as the server wrote them; nil for NULL and outside the rows.
    package func bytes(_ row: Int, _ column: Int) -> [UInt8]? { span(row, column).map { Array($0) } }

    /// One whole number; nil for NULL, for anything else and outside the rows.
    package func integer(_ row: Int, _ column: Int) -> Int64? { text(row, column).flatMap { Int64($0) } }

    /// The bytes of one `bytea`; nil for NULL, for anything else and outside the rows.
    package func bytea(_ row: Int, _ column: Int) -> [UInt8]? {
        span(row, column).flatMap { Bytea.decode($0) }
    }

    private func span(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        guard row >= 0, row < rowCount, column >= 0, column < columnCount,
            PQgetisnull(raw, CInt(row), CInt(column)) == 0,
            let start = PQgetvalue(raw, CInt(row), CInt(column))
        else { return nil }
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(raw, CInt(row), CInt(column))))
    }
}
