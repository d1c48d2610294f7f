// simdjson's DOM behind a C ABI: error codes, no exceptions, values named by their place on the tape.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// One parser with the document that it parsed last; the memory is reused by the next parse.
typedef struct cjson_document cjson_document;

typedef enum {
    CJSON_NULL, CJSON_FALSE, CJSON_TRUE, CJSON_INT64, CJSON_NUMBER, CJSON_STRING, CJSON_ARRAY, CJSON_OBJECT
} cjson_kind;

/// Returns a new parser, or null when there is no memory.
cjson_document *cjson_create(void);
void cjson_destroy(cjson_document *document);
/// Returns the number of source bytes that fit without a new allocation.
size_t cjson_capacity(const cjson_document *document);

/// Copies and parses `bytes`; returns 0, or simdjson's error code. The root is at place 1.
int cjson_parse(cjson_document *document, const uint8_t *bytes, size_t count, size_t depth_max);
/// Returns the text of an error code; never null, never freed.
const char *cjson_error_text(int code);

cjson_kind cjson_kind_at(const cjson_document *document, size_t place);
/// Returns the place after the value at `place`.
size_t cjson_after(const cjson_document *document, size_t place);
/// Returns the place of the end mark of the object or array at `place`; its first child is at `place + 1`.
size_t cjson_end(const cjson_document *document, size_t place);
int64_t cjson_int64_at(const cjson_document *document, size_t place);
/// Returns the decoded bytes of the string at `place`; they live as long as this parse.
const uint8_t *cjson_string_at(const cjson_document *document, size_t place, size_t *count);
/// Returns the place of the value of the first member called `key` of the object at `place`, or 0.
size_t cjson_member(const cjson_document *document, size_t place, const uint8_t *key, size_t count);
/// Returns how many strings, keys included, are one of `words` (at most 32, separated by one space, each
/// at most 32 bytes).
size_t cjson_count_strings(const cjson_document *document, const uint8_t *words, size_t words_count);
/// Gives the source bytes of the value at `place` as a half-open range; linear in what precedes the value.
void cjson_source_range(const cjson_document *document, size_t place, size_t *start, size_t *end);
/// Returns the source as it was copied; it lives as long as this parse.
const uint8_t *cjson_source(const cjson_document *document, size_t *count);

/// Returns the offset of `byte`, or `count`.
size_t cjson_find_byte(const uint8_t *bytes, size_t count, uint8_t byte);
/// Returns the offset of `needle`, or `count`.
size_t cjson_find(const uint8_t *bytes, size_t count, const uint8_t *needle, size_t needle_count);
/// Returns the length of the longest prefix that needs no escape in a JSON string.
size_t cjson_plain_prefix(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif
