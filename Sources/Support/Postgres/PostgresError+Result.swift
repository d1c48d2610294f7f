import CPostgres

extension PostgresError.ServerMessage {
    /// Reads what the server said from a failed result.
    init(_ result: OpaquePointer) {
        self.init(
            sqlState: Self.field(result, postgres_field_sqlstate()),
            message: PQresultErrorField(result, postgres_field_message()).map { trimmed($0) }
                ?? trimmed(PQresultErrorMessage(result)),
            detail: Self.field(result, postgres_field_detail()),
            hint: Self.field(result, postgres_field_hint()),
            context: Self.field(result, postgres_field_context()),
            constraint: Self.field(result, postgres_field_constraint()))
    }

    private static func field(_ result: OpaquePointer, _ code: CInt) -> String {
        trimmed(PQresultErrorField(result, code))
    }
}
