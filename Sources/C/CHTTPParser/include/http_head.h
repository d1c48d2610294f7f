// What llhttp's strict mode still lets through is refused here, over the raw bytes; what it finds is noted as
// offsets. A head is parsed only when it is whole: each field is one span of the caller's buffer, uncopied.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "llhttp.h"

/// One header field, as offsets into the head's bytes; the value without white space around it.
typedef struct {
    uint32_t name_offset, name_length, value_offset, value_length;
} http_field;

/// A request's head; the owner gives room for `fields_max` fields.
typedef struct {
    http_field *fields;
    uint32_t fields_max, fields_count;
    uint32_t target_offset, target_length;
    uint64_t content_length;
    uint8_t method, minor_version, hosts, encodings;
    bool keep_alive, chunked, has_length, expects_continue, expects_other, asks_upgrade, value_open, invalid;
} http_head;

/// Why a head or a body was refused.
typedef enum {
    HTTP_ACCEPTED = 0,
    HTTP_MALFORMED = -1,
    HTTP_TOO_MANY_FIELDS = -2,
    HTTP_BAD_VERSION = -3,
    HTTP_BAD_METHOD = -4,
    HTTP_BODY_TOO_LARGE = -5,
} http_verdict;

/// Takes one span of a chunked body.
typedef void (*http_body_taker)(void *context, const char *bytes, size_t count);

/// The parser of one connection.
typedef struct {
    llhttp_t llhttp;
    http_head *head;
    const char *base, *mark;
    http_body_taker take_body;
    void *context;
    uint64_t body_count, body_max;
    uint32_t framing_count;
    char last;
    bool in_body, complete, too_large, bad_framing;
} http_parser;

void http_parser_init(http_parser *parser);

/// Returns the length of the head at `bytes` when it is whole, 0 when it is not, negative when it is wrong.
///
/// `from` bytes were looked at before.
long http_head_end(const char *bytes, size_t from, size_t count);

/// Parses one whole head of `count` bytes.
http_verdict http_head_parse(http_parser *parser, http_head *head, const char *bytes, size_t count);

/// Feeds bytes of the chunked body that follows the parsed head.
///
/// Returns how many belong to it (`complete` says whether it has ended), or a negative verdict.
long http_chunked_feed(http_parser *parser, const char *bytes, size_t count);

/// Whether the bytes are a field name (a token).
bool http_name_valid(const char *bytes, size_t count);

/// Whether the bytes can stand as a field value: no CR, LF, NUL or other control but the tab.
bool http_value_valid(const char *bytes, size_t count);

/// Whether two names of the same length are equal in any case.
bool http_same_name(const void *name, const void *other, size_t count);

/// Writes the time as an HTTP date of 29 bytes.
void http_date(char *into);
