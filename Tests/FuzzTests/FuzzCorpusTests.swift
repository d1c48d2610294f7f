import Foundation
import FuzzCases
import Testing

/// What fuzzing found once is read again with every test.
@Suite("Fuzzing's corpus")
struct FuzzCorpusTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fuzzing/corpus")

    @Test("Every kept input is read without a complaint", arguments: FuzzCase.allCases)
    func holds(_ fuzz: FuzzCase) throws {
        let directory = Self.corpus.appendingPathComponent(fuzz.rawValue)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(files.count > 4, "a corpus of \(fuzz.rawValue)")
        for name in files {
            let bytes = Array(try Data(contentsOf: directory.appendingPathComponent(name)))
            #expect(fuzz.complaint(about: bytes) == nil, "\(fuzz.rawValue)/\(name)")
        }
    }
}
