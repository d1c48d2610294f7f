@testable import Wire

/// Every exchange in `Tests/Golden/wire` and what is billed for it.
enum UsageReaderTable {
    static let all: [UsageReaderTests.Exchange] = anthropic + chat + responses + gemini + unknown

    static let anthropic: [UsageReaderTests.Exchange] = [
        .init(
            "anthropic-plain.json", .messages,
            "input=2095 output=503 provider_final claude-sonnet-5 tier=standard status=end_turn"),
        .init(
            "anthropic-cache-split.json", .messages,
            """
            input=2095 cacheRead=1500 cacheWrite5m=51 cacheWrite1h=2000 output=503 provider_final \
            claude-sonnet-5 status=end_turn
            """),
        .init(
            "anthropic-cache-no-split-is-5m.json", .messages,
            "input=10 cacheWrite5m=2051 output=5 provider_final claude-sonnet-5 status=end_turn"),
        .init(
            "anthropic-cache-remainder-is-5m.json", .messages,
            """
            input=10 cacheWrite5m=420 cacheWrite1h=580 output=5 provider_final claude-sonnet-5 \
            status=end_turn
            """),
        .init(
            "anthropic-cache-split-above-total.json", .messages,
            """
            input=10 cacheWrite5m=100 cacheWrite1h=50 output=5 provider_final claude-sonnet-5 \
            status=end_turn inconsistent
            """),
        .init(
            "anthropic-thinking-is-part-of-output.json", .messages,
            "input=10 output=500 (reasoning=400) provider_final claude-sonnet-5 status=end_turn"),
        .init(
            "anthropic-server-tools.json", .messages,
            "input=10 output=5 webSearch=3 provider_final claude-sonnet-5 fetches=2 status=end_turn"),
        .init(
            "anthropic-batch-geo-fast.json", .messages,
            """
            input=10 output=5 provider_final claude-sonnet-5 tier=batch geo=us speed=fast \
            status=end_turn
            """),
        .init(
            "anthropic-nulls-are-absent.json", .messages,
            "input=10 output=5 provider_final claude-sonnet-5 status=end_turn"),
        .init(
            "anthropic-compaction-is-billed.json", .messages,
            """
            input=180045 cacheWrite1h=7 output=4734 provider_final claude-sonnet-5 status=end_turn [- \
            input=180000 output=3500] [claude-sonnet-5 input=23 output=1000] [claude-opus-5 input=22 \
            cacheWrite1h=7 output=234]
            """),
        .init(
            "anthropic-iterations-below-total.json", .messages,
            """
            input=100 output=50 webSearch=1 provider_final claude-sonnet-5 status=end_turn \
            inconsistent [claude-sonnet-5 input=60 output=50] [- input=40 webSearch=1]
            """),
        .init(
            "anthropic-not-counts.json", .messages,
            "zero provider_final claude-sonnet-5 status=end_turn inconsistent"),
        .init(
            "anthropic-error.json", .messages,
            "none error=overloaded_error"),
        .init(
            "anthropic-stream.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-several-deltas.sse", .messages,
            """
            input=600 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=90 webSearch=2 \
            provider_final claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-null-usage-in-delta.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-error-midway.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=1 provider_partial \
            claude-sonnet-5 tier=standard geo=global error=overloaded_error midstream
            """),
        .init(
            "anthropic-stream-cut.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=1 provider_partial \
            claude-sonnet-5 tier=standard geo=global
            """),
        .init(
            "anthropic-stream-end-without-blank-line.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-without-names.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-output-decreases.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=30 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn inconsistent
            """),
        .init(
            "anthropic-stream-odd-framing.sse", .messages,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-input-only-in-delta.sse", .messages,
            "input=5 cacheRead=9000 output=33 provider_final claude-sonnet-5 status=end_turn"),
    ]

    static let gemini: [UsageReaderTests.Exchange] = [
        .init(
            "gemini-thoughts-are-output.json", .geminiGenerate,
            """
            input=55021 output=1708 (reasoning=785) provider_final gemini-2.5-pro status=STOP \
            total=56729
            """),
        .init(
            "gemini-prompt-includes-cached.json", .geminiGenerate,
            """
            input=5005 cacheRead=257955 output=1744 provider_final gemini-2.5-pro status=STOP \
            total=264704
            """),
        .init(
            "gemini-tools-and-modalities.json", .geminiGenerate,
            """
            input=470 cacheRead=400 inputAudio=200 output=6 outputAudio=4 outputImage=40 \
            provider_final gemini-2.5-pro status=STOP total=1120
            """),
        .init(
            "gemini-total-disagrees.json", .geminiGenerate,
            "input=10 output=5 provider_final gemini-2.5-pro status=STOP total=16 inconsistent"),
        .init(
            "gemini-stream.sse", .geminiGenerate,
            "input=10 output=25 (reasoning=20) provider_final gemini-2.5-pro status=STOP total=35"),
        .init(
            "gemini-stream-cut.sse", .geminiGenerate,
            "input=10 output=3 provider_partial gemini-2.5-pro total=13"),
        .init(
            "gemini-stream-as-array.json", .geminiGenerate,
            "input=10 output=25 (reasoning=20) provider_final gemini-2.5-pro status=STOP total=35"),
    ]

    /// On a path that is not known the words of the answer tell how to read it.
    static let unknown: [UsageReaderTests.Exchange] = [
        .init(
            "anthropic-plain.json", .other,
            "input=2095 output=503 provider_final claude-sonnet-5 tier=standard status=end_turn"),
        .init(
            "anthropic-cache-split.json", .other,
            """
            input=2095 cacheRead=1500 cacheWrite5m=51 cacheWrite1h=2000 output=503 provider_final \
            claude-sonnet-5 status=end_turn
            """),
        .init(
            "anthropic-stream.sse", .other,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=15 provider_final \
            claude-sonnet-5 tier=standard geo=global status=end_turn
            """),
        .init(
            "anthropic-stream-error-midway.sse", .other,
            """
            input=25 cacheRead=1000 cacheWrite5m=100 cacheWrite1h=200 output=1 provider_partial \
            claude-sonnet-5 tier=standard geo=global error=overloaded_error midstream
            """),
        .init(
            "chat-plain.json", .other,
            "input=2006 output=300 provider_final gpt-5.6 status=stop total=2306"),
        .init(
            "chat-stream-include-usage.sse", .other,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 tier=priority total=27"),
        .init(
            "responses-plain.json", .other,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 (reasoning=32) provider_final gpt-5.6 \
            tier=default status=completed total=380
            """),
        .init(
            "responses-web-search.json", .other,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 webSearch=2 (reasoning=32) \
            provider_final gpt-5.6 tier=default status=completed total=380
            """),
        .init(
            "responses-stream.sse", .other,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 webSearch=2 (reasoning=32) \
            provider_final gpt-5.6 tier=priority status=completed total=380
            """),
        .init(
            "responses-stream-incomplete.sse", .other,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 (reasoning=32) provider_final gpt-5.6 \
            tier=default status=incomplete total=380
            """),
        .init(
            "gemini-thoughts-are-output.json", .other,
            """
            input=55021 output=1708 (reasoning=785) provider_final gemini-2.5-pro status=STOP \
            total=56729
            """),
        .init(
            "gemini-stream.sse", .other,
            "input=10 output=25 (reasoning=20) provider_final gemini-2.5-pro status=STOP total=35"),
    ]
}
