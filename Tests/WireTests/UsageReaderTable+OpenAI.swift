@testable import Wire

/// What OpenAI and servers that follow its APIs answer.
extension UsageReaderTable {
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
}
