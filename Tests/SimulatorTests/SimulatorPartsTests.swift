import Files
import HTTP
import JSON
import Lifecycle
import Testing

@testable import Simulator

/// IdentifierSource, PromptText, CannedText, EmbeddingRequest, SimulatedCall, SimulatedUsage, CallLog,
/// AnswerDesk.
@Suite("Simulator parts")
struct SimulatorPartsTests {
    @Test("identifiers differ within a run and between runs")
    func identifiers() {
        var one = IdentifierSource(random: .system)
        var other = IdentifierSource(random: .system)
        var seen: Set<String> = []
        for _ in 0..<5000 {
            seen.insert(one.next("msg_01"))
            seen.insert(other.next("msg_01"))
        }
        #expect(seen.count == 10_000)
        #expect(seen.allSatisfy { $0.hasPrefix("msg_01") && $0.utf8.count == 28 })
    }

    static let prompts: [(String, Int64, String)] = [
        (#"{"messages":[{"role":"user","content":"12345"}]}"#, 5, "12345"),
        (#"{"system":"abcd","messages":[{"role":"user","content":[{"type":"text","text":"ef"}]}]}"#, 6, "ef"),
        (#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"bb"}]}"#, 3, "a"),
        (
            #"{"input":[{"role":"user","content":[{"type":"input_text","text":"xyz"}]}],"instructions":"i"}"#,
            4, "xyz"
        ),
        (#"{"input":"ä"}"#, 2, "ä"), (#"{"messages":[1,null,{}]}"#, 0, ""), ("[]", 0, ""),
    ]

    @Test("the prompt's bytes are counted and its last words kept", arguments: prompts)
    func prompt(_ json: String, _ bytes: Int64, _ said: String) throws {
        let prompt = PromptText(try JSONDocument.parse(Array(json.utf8)).root)
        #expect(prompt.bytes == bytes)
        #expect(prompt.lastSaid == said)
        #expect(prompt.tokens == max(1, (bytes + 3) / 4))
    }

    @Test(
        "there are as many words as wanted, up to a bound",
        arguments: [0, 1, 7, 500, 4096, 1_000_000] as [Int64])
    func words(_ count: Int64) {
        let pieces = CannedText.pieces(CannedText.words(answering: "so be it"), count: count)
        #expect(Int64(pieces.count) == min(count, CannedText.wordsMax))
        #expect(pieces.first?.hasPrefix(" ") != true)
    }

    @Test("embedding inputs are texts or tokens, one or many")
    func inputs() throws {
        let inputs: [(String, Int, Int64)] = [
            (#""abcde""#, 1, 2), (#"["abcd","e"]"#, 2, 2), ("[1,2,3]", 1, 3), ("[[1,2],[3]]", 2, 3),
        ]
        for (input, count, tokens) in inputs {
            let request = try EmbeddingRequest(JSONDocument.parse(Array("{\"input\":\(input)}".utf8)).root)
            #expect(request.seeds.count == count && request.tokens == tokens)
        }
    }

    @Test("a record that cannot be opened is named")
    func noRecord() {
        let path = "/nowhere/at/all.jsonl"
        let error = #expect(throws: SimulatorError.self) { try CallLog(path: path) }
        #expect(error?.description.contains(path) == true)
    }

    @Test("what cannot be recorded is not answered", arguments: [true, false])
    func fullDisk(_ isStreamed: Bool) throws {
        let log = try CallLog(path: "/dev/full")
        let harness = try SimulatorHarness()
        let desk = AnswerDesk(loop: try .init(), log: log, clock: .system, random: .system)
        let body = SimulatorHarness.body(.messages, "\"stream\":\(isStreamed)")
        let head = HTTPRequestHead(method: "POST", target: "/v1/messages", headers: ["x-api-key": "k"])
        let exchange = HTTPExchange(inMemory: head, body: Array(body.utf8))
        desk.handle(exchange)
        let answer = try #require(exchange.recorded)
        #expect(isStreamed ? answer.isAborted : answer.status == 500)
        #expect(try harness.records().isEmpty)
    }
}
