import HTTP
import JSON
import Testing

@testable import Simulator

/// ProviderRefusal, ModelList, SimulationControls: what is answered where there is no answer.
@Suite("Simulated refusals")
struct SimulatorRefusalTests {
    @Test(
        "an error has the provider's shape and its own status",
        arguments: [400, 403, 404, 429, 500, 503, 529])
    func status(_ status: Int) throws {
        let harness = try SimulatorHarness()
        for api in SimulatorHarness.billed {
            let answer = try harness.ask(api, headers: ["x-simulate-status": "\(status)"])
            #expect(answer.status == status)
            let reading = SimulatorHarness.reading(api, answer.body, streamed: false)
            #expect(reading.errorType != nil && reading.usage == nil)
            #expect((answer.headers["retry-after"] != nil) == [429, 503, 529].contains(status))
            let record = try #require(try harness.records().last)
            #expect(record["status"]?.int64 == Int64(status))
            #expect(record["usage"]?.object.first { _ in true } == nil)
            #expect(record["id"]?.isNull == true)
        }
    }

    @Test("overload has Anthropic's word")
    func overloaded() throws {
        let answer = try SimulatorHarness().ask(.messages, headers: ["x-simulate-status": "529"])
        let root = try JSONDocument.parse(answer.body).root
        #expect(root["type"]?.string == "error")
        #expect(root["error"]?["type"]?.string == "overloaded_error")
    }

    @Test("without a key nothing is served or recorded", arguments: SimulatedAPI.allCases)
    func noKey(_ api: SimulatedAPI) throws {
        let harness = try SimulatorHarness()
        let head = HTTPRequestHead(method: "POST", target: api.path, headers: ["authorization": "Bearer "])
        let exchange = HTTPExchange(inMemory: head, body: Array(SimulatorHarness.body(api).utf8))
        harness.simulator.handle(exchange)
        #expect(exchange.recorded?.status == 401)
        let type = try JSONDocument.parse(exchange.recorded?.body ?? []).root["error"]?["type"]?.string
        #expect(type == (api.provider == .anthropic ? "authentication_error" : "invalid_request_error"))
        #expect(try harness.records().isEmpty)
    }

    @Test("an unknown path is not found", arguments: ["/", "/v1/nothing", "/v1/messages/x", "/v1/models/x"])
    func notFound(_ path: String) throws {
        let harness = try SimulatorHarness()
        let openAI = try harness.ask("GET", path)
        #expect(openAI.status == 404 && openAI.text.contains("Invalid URL (GET \(path))"))
        let anthropic = try harness.ask("GET", path, headers: ["anthropic-version": "2023-06-01"])
        #expect(anthropic.status == 404 && anthropic.text.contains("not_found_error"))
    }

    static let bad: [(SimulatedAPI, String)] = [
        (.messages, ""), (.messages, "{"), (.messages, "[]"), (.messages, "{\"model\":\"m\"}"),
        (.messages, "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[]}"),
        (.messages, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"),
        (
            .messages,
            "{\"model\":\"m\",\"max_tokens\":0,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"
        ),
        (.chatCompletions, "{\"model\":\"m\",\"n\":2,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"),
        (.responses, "{\"model\":\"m\"}"), (.responses, "{\"input\":\"x\"}"),
        (.embeddings, "{\"model\":\"m\",\"input\":[]}"), (.embeddings, "{\"model\":\"m\",\"input\":{}}"),
        (.embeddings, "{\"model\":\"m\",\"input\":\"x\",\"dimensions\":0}"),
        (.embeddings, "{\"model\":\"m\",\"input\":\"x\",\"encoding_format\":\"hex\"}"),
    ]

    @Test("a bad request is refused and not recorded", arguments: bad)
    func badRequest(_ api: SimulatedAPI, _ body: String) throws {
        let harness = try SimulatorHarness()
        let answer = try harness.ask("POST", api.path, body)
        #expect(answer.status == 400)
        #expect(answer.text.contains("invalid_request_error"))
        #expect(try harness.records().isEmpty)
    }

    static let misspelt: [HTTPHeaders] = [
        ["x-simulate-fault": "explode"], ["x-simulate-delay-ms": "-1"], ["x-simulate-delay-ms": "soon"],
        ["x-simulate-status": "200"], ["x-simulate-output-tokens": "10000001"],
        ["x-simulate-cache": "read"], ["x-simulate-cache": "all=1"], ["x-simulate-nothing": "1"],
    ]

    @Test("a control that means nothing is refused by name", arguments: misspelt)
    func control(_ headers: HTTPHeaders) throws {
        let harness = try SimulatorHarness()
        let answer = try harness.ask(.chatCompletions, headers: headers)
        #expect(answer.status == 400)
        #expect(answer.text.contains(try #require(headers.first { _ in true }?.name)))
    }

    @Test("models are listed in each provider's words")
    func models() throws {
        let harness = try SimulatorHarness()
        let openAI = try JSONDocument.parse(harness.ask("GET", "/v1/models").body).root
        #expect(openAI["object"]?.string == "list")
        let version: HTTPHeaders = ["anthropic-version": "2023-06-01"]
        let anthropic = try JSONDocument.parse(harness.ask("GET", "/v1/models", headers: version).body).root
        #expect(anthropic["has_more"]?.bool == false)
        let name = try #require(anthropic["first_id"]?.string)
        let one = try harness.ask("GET", "/v1/models/\(name)", headers: version)
        #expect(try JSONDocument.parse(one.body).root["id"]?.string == name)
    }
}
