import LedgerCore
import LedgerRuntime
import Testing
import Wire

@testable import Proxy

/// Random requests, and what a provider may answer to them by its own documents, whatever the proxy thinks.
@Suite("Admission, random requests")
struct AdmissionPropertyTests {
    private struct Case {
        var route: APIRoute
        var body = ""
        var usage = Usage()
        var modifiers: Set<PriceModifier> = []
    }

    @Test(
        "no answer that a request allows costs more than was reserved", arguments: [21, 22, 23] as [UInt64])
    func holds(_ number: UInt64) throws {
        let admission = Admission(
            prices: try PriceBookFile.parse(Array(AdmissionTests.book.utf8), file: "f"),
            time: Timestamp(microseconds: 1_790_000_000_000_000))
        var seed = RequestSeed(number)
        for round in 0..<1_000 {
            let test = round % 2 == 0 ? Self.anthropic(&seed) : Self.openAI(&seed)
            let request = try CallRequest(Array(test.body.utf8), route: test.route)
            let estimate = admission.estimate(request, test.route).estimate
            let pricing = Pricing(
                book: admission.prices, provider: test.route.provider.rawValue, time: admission.time)
            let part = UsagePart(model: request.model ?? "", usage: test.usage)
            let cost = try pricing.cost(of: [part], modifiers: test.modifiers)
            #expect(cost <= estimate.cost, "seed \(number), round \(round): \(test)")
            #expect(test.usage.inputTokens + test.usage.outputTokens <= estimate.tokens)
        }
    }

    private static func anthropic(_ seed: inout RequestSeed) -> Case {
        var test = Case(route: AdmissionTests.messages)
        let limit = seed.number(1...2_000)
        var fields = [#""model":"claude","max_tokens":\#(limit)"#]
        var content = [#"{"type":"text","text":"\#(seed.text())"}"#]
        let lifetime = seed.pick(["", "5m", "1h"])
        if !lifetime.isEmpty {
            content.append(
                #"{"type":"text","text":"\#(seed.text())","cache_control":{"type":"ephemeral","ttl":"\#(lifetime)"}}"#
            )
        }
        var images: Int64 = 0
        while seed.once(in: 2) {
            images += 1
            content.append(
                #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"\#(seed.text())"}}"#
            )
        }
        fields.append(#""messages":[{"role":"user","content":[\#(content.joined(separator: ","))]}]"#)
        switch seed.pick(["", "us", "global"]) {
        case "": if seed.once(in: 2) { test.modifiers.insert(.geoUs) }
        case "us":
            fields.append(#""inference_geo":"us""#)
            test.modifiers.insert(.geoUs)
        default: fields.append(#""inference_geo":"global""#)
        }
        if seed.once(in: 2) {
            fields.append(#""speed":"fast""#)
            test.modifiers.insert(.fast)
        }
        let searches = seed.number(0...3)
        if searches > 0 {
            fields.append(#""tools":[{"type":"web_search_20250305","max_uses":\#(searches)}]"#)
        }
        test.body = "{\(fields.joined(separator: ","))}"
        // A token for each letter that is text, all that a provider adds, and each image as large as can be.
        let letters = content.filter { !$0.contains("image") }.joined().utf8.count
        var rest = Int64(letters) + 2_000 + images * 4_784
        for (bucket, isPossible) in [
            (UsageBucket.cacheWrite1h, lifetime == "1h"), (.cacheWrite5m, !lifetime.isEmpty),
            (.cacheRead, !lifetime.isEmpty), (.input, true),
        ] where isPossible {
            test.usage[bucket] = bucket == .input ? rest : seed.number(0...rest)
            rest -= test.usage[bucket]
        }
        test.usage.output = seed.number(0...limit)
        test.usage.webSearches = seed.number(0...searches)
        return test
    }

    private static func openAI(_ seed: inout RequestSeed) -> Case {
        var test = Case(route: AdmissionTests.chat)
        let limit = seed.number(1...2_000)
        let answers = seed.number(1...3)
        var fields = [#""model":"gpt","max_tokens":\#(limit),"n":\#(answers)"#]
        let text = seed.text()
        var content = [#"{"type":"text","text":"\#(text)"}"#]
        var images: Int64 = 0
        while seed.once(in: 2) {
            images += 1
            content.append(
                #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(seed.text())"}}"#)
        }
        let sound = seed.once(in: 3) ? seed.text() : ""
        if !sound.isEmpty {
            content.append(#"{"type":"input_audio","input_audio":{"data":"\#(sound)","format":"wav"}}"#)
        }
        fields.append(#""messages":[{"role":"user","content":[\#(content.joined(separator: ","))]}]"#)
        let tier = seed.pick(["", "auto", "default", "flex", "priority"])
        if !tier.isEmpty { fields.append(#""service_tier":"\#(tier)""#) }
        if ["", "auto", "priority"].contains(tier), seed.once(in: 2) { test.modifiers = [.priority] }
        if ["", "auto", "flex"].contains(tier), test.modifiers.isEmpty, seed.once(in: 2) {
            test.modifiers = [.flex]
        }
        let speaks = seed.once(in: 3)
        if speaks { fields.append(#""modalities":["text","audio"]"#) }
        test.body = "{\(fields.joined(separator: ","))}"
        test.usage.inputImage = images * 10_000
        test.usage.inputAudio = Int64(sound.utf8.count)
        var rest = Int64(text.utf8.count) + 2_000
        for bucket in [UsageBucket.cacheWrite5m, .cacheRead] {
            test.usage[bucket] = seed.number(0...rest)
            rest -= test.usage[bucket]
        }
        test.usage.input = rest
        var output = limit * answers
        if speaks {
            test.usage.outputAudio = seed.number(0...output)
            output -= test.usage.outputAudio
        }
        test.usage.output = output
        return test
    }
}

/// Repeatable random numbers: the seed belongs in the failure's text.
private struct RequestSeed: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }

    mutating func once(in chances: Int) -> Bool { Int.random(in: 0..<chances, using: &self) == 0 }

    mutating func pick(_ values: [String]) -> String {
        values[Int.random(in: 0..<values.count, using: &self)]
    }

    mutating func text() -> String { String(repeating: "a", count: Int(number(1...5_000))) }
}
