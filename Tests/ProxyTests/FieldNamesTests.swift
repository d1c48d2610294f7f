import Testing

@testable import Proxy

@Suite("FieldNames")
struct FieldNamesTests {
    private static let names = FieldNames(["te", "host", "x-api-key"])

    private static func contains(_ name: String) -> Bool {
        Array(name.utf8).withUnsafeBytes { names.contains($0) }
    }

    @Test("finds its names in any case", arguments: ["te", "Host", "X-API-Key", "x-api-key"])
    func finds(_ name: String) { #expect(Self.contains(name)) }

    @Test(
        "finds nothing else",
        arguments: ["", "t", "hosts", "x-api-kez", "x_api-key", "x-api-key-longer", "HO\u{13}T"])
    func findsNothingElse(_ name: String) { #expect(!Self.contains(name)) }

    @Test("compares beginnings in any case")
    func beginnings() {
        Array("X-Ledger-Cost".utf8).withUnsafeBytes { name in
            #expect(FieldNames.starts(name, with: "x-ledger-"))
            #expect(!FieldNames.starts(name, with: "x-ledger-cost-usd"))
        }
    }
}
