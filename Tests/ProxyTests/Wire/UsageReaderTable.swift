@testable import Proxy

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

    static let chat: [UsageReaderTests.Exchange] = [
        .init(
            "chat-plain.json", .chatCompletions,
            "input=2006 output=300 provider_final gpt-5.6 status=stop total=2306"),
        .init(
            "chat-details-are-parts.json", .chatCompletions,
            """
            input=50 cacheRead=1920 cacheWrite5m=10 inputAudio=20 inputImage=6 output=240 \
            outputAudio=60 (reasoning=100) provider_final gpt-5.6 tier=flex status=stop total=2306
            """),
        .init(
            "chat-reasoning-outside-completion.json", .chatCompletions,
            "input=10 output=120 (reasoning=100) provider_final gpt-5.6 status=stop total=130"),
        .init(
            "chat-total-disagrees.json", .chatCompletions,
            "input=10 output=20 provider_final gpt-5.6 status=stop total=31 inconsistent"),
        .init(
            "chat-cached-above-prompt.json", .chatCompletions,
            "cacheRead=1000 output=20 provider_final gpt-5.6 status=stop total=30 inconsistent"),
        .init(
            "chat-negative.json", .chatCompletions,
            "output=20 provider_final gpt-5.6 status=stop inconsistent"),
        .init(
            "chat-huge.json", .chatCompletions,
            """
            input=9223372036854775807 output=9223372036854775807 provider_final gpt-5.6 status=stop \
            inconsistent
            """),
        .init(
            "chat-usage-null.json", .chatCompletions,
            "none gpt-5.6 status=stop"),
        .init(
            "chat-usage-zero.json", .chatCompletions,
            "zero provider_final gpt-5.6 status=stop total=0"),
        .init(
            "chat-ok-status-with-error-body.json", .chatCompletions,
            "none error=server_error"),
        .init(
            "chat-stream-include-usage.sse", .chatCompletions,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 tier=priority total=27"),
        .init(
            "chat-stream-azure.sse", .chatCompletions,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 total=27"),
        .init(
            "chat-stream-choices-omitted.sse", .chatCompletions,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 tier=default total=27"),
        .init(
            "chat-stream-usage-on-finish-chunk.sse", .chatCompletions,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 status=stop total=27"),
        .init(
            "chat-stream-running-usage.sse", .chatCompletions,
            "input=20 output=3 provider_final gpt-5.6 status=stop total=23"),
        .init(
            "chat-stream-running-usage-cut.sse", .chatCompletions,
            "input=20 output=2 provider_partial gpt-5.6 total=22"),
        .init(
            "chat-stream-no-usage.sse", .chatCompletions,
            "none gpt-5.6"),
        .init(
            "chat-stream-cut-before-usage.sse", .chatCompletions,
            "none gpt-5.6"),
        .init(
            "chat-stream-cut-in-usage.sse", .chatCompletions,
            "none gpt-5.6 tier=default inconsistent"),
        .init(
            "chat-stream-usage-end-without-blank-line.sse", .chatCompletions,
            "input=16 cacheRead=4 output=7 (reasoning=3) provider_final gpt-5.6 tier=default total=27"),
        .init(
            "chat-stream-error.sse", .chatCompletions,
            "none gpt-5.6 error=server_error midstream"),
        .init(
            "embeddings.json", .embeddings,
            "input=8 provider_final text-embedding-3-small total=8"),
    ]

    static let responses: [UsageReaderTests.Exchange] = [
        .init(
            "responses-plain.json", .responses,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 (reasoning=32) provider_final gpt-5.6 \
            tier=default status=completed total=380
            """),
        .init(
            "responses-web-search.json", .responses,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 webSearch=2 (reasoning=32) \
            provider_final gpt-5.6 tier=default status=completed total=380
            """),
        .init(
            "responses-background-queued.json", .responses,
            "none gpt-5.6 tier=default status=queued"),
        .init(
            "responses-failed-without-usage.json", .responses,
            "none gpt-5.6 tier=default status=failed error=server_error"),
        .init(
            "responses-stream.sse", .responses,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 webSearch=2 (reasoning=32) \
            provider_final gpt-5.6 tier=priority status=completed total=380
            """),
        .init(
            "responses-stream-incomplete.sse", .responses,
            """
            input=100 cacheRead=128 cacheWrite5m=100 output=52 (reasoning=32) provider_final gpt-5.6 \
            tier=default status=incomplete total=380
            """),
        .init(
            "responses-stream-failed.sse", .responses,
            "none gpt-5.6 tier=default status=failed error=rate_limit_exceeded midstream"),
        .init(
            "responses-stream-error.sse", .responses,
            "none gpt-5.6 tier=auto status=in_progress error=server_error midstream"),
        .init(
            "responses-stream-cut.sse", .responses,
            "none gpt-5.6 tier=auto status=in_progress"),
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
