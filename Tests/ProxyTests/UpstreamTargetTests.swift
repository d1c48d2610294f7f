import HTTP
import Testing
import Wire

@testable import Proxy

@Suite("UpstreamTarget")
struct UpstreamTargetTests {
    private static let path = "/v1beta/models/g:generateContent"

    static let targets: [(String, String)] = [
        (path, path), (path + "?alt=sse&pageSize=5", path + "?alt=sse&pageSize=5"),
        (path + "?key=sk&alt=sse", path + "?alt=sse"), (path + "?k%65y=sk", path),
        // What was used must be told, as what it is, to the method that was priced.
        (path + "?fields=candidates,usageMetadata(promptTokenCount)", path),
        (path + "?$fields=candidates&alt=sse", path + "?alt=sse"), (path + "?%24httpMethod=POST", path),
        (path + "?alt=json;enum-encoding=int", path), (path + "?%24alt=proto", path), (path + "?alt", path),
        (path + "?$alt=sse&alt=json", path + "?$alt=sse&alt=json"), (path + "?callback=f", path),
        (path + "?%zz=1", path),
        (path + "?updateMask=a", path + "?updateMask=a"),
    ]

    @Test(
        "Gemini gets no key of ours and no parameter that changes the request or hides usage",
        arguments: targets)
    func gemini(_ test: (client: String, upstream: String)) {
        let head = HTTPRequestHead(method: "POST", target: test.client, headers: [:])
        #expect(UpstreamTarget.of(head, provider: .gemini) == test.upstream)
        #expect(UpstreamTarget.of(head, provider: .openai) == test.client)
    }
}
