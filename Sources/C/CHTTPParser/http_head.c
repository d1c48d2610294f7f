// Strict request heads and chunked bodies over llhttp; see http_head.h.
#include "http_head.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { FRAMING_BYTES_MAX = 16384 };

static llhttp_settings_t settings;

static bool is_named(const char *name, size_t length, const char *wanted, size_t wanted_length) {
    return length == wanted_length && strncasecmp(name, wanted, length) == 0;
}
#define IS_NAMED(name, length, wanted) is_named(name, length, wanted, sizeof(wanted) - 1)

static int on_url(llhttp_t *raw, const char *at, size_t length) {
    http_parser *parser = (http_parser *)raw;
    http_head *head = parser->head;
    if (head->target_length == 0) head->target_offset = (uint32_t)(at - parser->base);
    head->target_length = (uint32_t)(at + length - parser->base) - head->target_offset;
    return 0;
}

static int on_field(llhttp_t *raw, const char *at, size_t length) {
    http_parser *parser = (http_parser *)raw;
    if (parser->in_body) return 0;
    http_head *head = parser->head;
    uint32_t offset = (uint32_t)(at - parser->base);
    if (!head->value_open) {
        if (head->fields_count == head->fields_max) return HPE_USER;
        head->fields[head->fields_count++] = (http_field){offset, 0, 0, 0};
        head->value_open = true;
    }
    http_field *field = &head->fields[head->fields_count - 1];
    field->name_length = offset + (uint32_t)length - field->name_offset;
    return 0;
}

static int on_value(llhttp_t *raw, const char *at, size_t length) {
    http_parser *parser = (http_parser *)raw;
    if (parser->in_body) return 0;
    http_head *head = parser->head;
    if (!head->value_open) return -1;
    http_field *field = &head->fields[head->fields_count - 1];
    uint32_t offset = (uint32_t)(at - parser->base);
    if (field->value_length == 0) field->value_offset = offset;
    field->value_length = offset + (uint32_t)length - field->value_offset;
    return 0;
}

static bool host_valid(const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] <= ' ' || strchr(",/\\@?#<>\"", bytes[i])) return false;
    return true;
}

/// Notes the fields that decide about framing.
static void look_at(http_head *head, const char *name, size_t name_length, const char *value, size_t length) {
    if (IS_NAMED(name, name_length, "host")) {
        if (head->hosts < 2) head->hosts++;
        if (!host_valid(value, length)) head->invalid = true;
    } else if (IS_NAMED(name, name_length, "expect")) {
        if (IS_NAMED(value, length, "100-continue")) head->expects_continue = true;
        else head->expects_other = true;
    } else if (IS_NAMED(name, name_length, "transfer-encoding")) {
        if (head->encodings < 2) head->encodings++;
        if (!IS_NAMED(value, length, "chunked")) head->invalid = true;
    }
}

static int on_value_complete(llhttp_t *raw) {
    http_parser *parser = (http_parser *)raw;
    if (parser->in_body) return 0;
    http_head *head = parser->head;
    if (!head->value_open) return -1;
    head->value_open = false;
    http_field *field = &head->fields[head->fields_count - 1];
    const char *value = parser->base + field->value_offset;
    while (field->value_length > 0 &&
           (value[field->value_length - 1] == ' ' || value[field->value_length - 1] == '\t'))
        field->value_length--;
    look_at(head, parser->base + field->name_offset, field->name_length, value, field->value_length);
    return 0;
}

static int on_headers_complete(llhttp_t *raw) {
    http_parser *parser = (http_parser *)raw;
    http_head *head = parser->head;
    head->keep_alive = llhttp_should_keep_alive(raw);  // says no when asked any later
    head->chunked = (raw->flags & F_CHUNKED) != 0;
    head->has_length = (raw->flags & F_CONTENT_LENGTH) != 0;
    head->content_length = head->has_length ? raw->content_length : 0;
    head->asks_upgrade = raw->upgrade;
    head->method = raw->method;
    head->minor_version = raw->http_minor;
    raw->upgrade = 0;  // whether to switch protocols is the handler's to say
    parser->in_body = true;
    return 0;
}

/// Whether the framing between two spans of data has only whole CRLF line ends, no folded lines, and an end.
static bool framing_valid(http_parser *parser, const char *from, const char *to) {
    if (from == to) return true;
    parser->framing_count += (uint32_t)(to - from);
    if (parser->framing_count > FRAMING_BYTES_MAX) return false;
    if (parser->last == '\n' && (*from == ' ' || *from == '\t')) return false;
    for (const char *at = from; (at = memchr(at, '\n', (size_t)(to - at))) != NULL; at++) {
        if ((at == from ? parser->last : at[-1]) != '\r') return false;
        if (at + 1 < to && (at[1] == ' ' || at[1] == '\t')) return false;
    }
    parser->last = to[-1];
    return true;
}

static int on_chunk_header(llhttp_t *raw) {
    http_parser *parser = (http_parser *)raw;
    if (raw->content_length <= parser->body_max - parser->body_count) return 0;
    parser->too_large = true;
    return -1;
}

static int on_body(llhttp_t *raw, const char *at, size_t length) {
    http_parser *parser = (http_parser *)raw;
    if (!framing_valid(parser, parser->mark, at)) {
        parser->bad_framing = true;
        return -1;
    }
    parser->mark = at + length;
    parser->framing_count = 0;
    parser->last = 0;
    parser->body_count += length;
    parser->take_body(parser->context, at, length);
    return 0;
}

static int on_complete(llhttp_t *raw) {
    ((http_parser *)raw)->complete = true;
    return HPE_PAUSED;
}

void http_parser_init(http_parser *parser) {
    if (settings.on_url == NULL) {
        llhttp_settings_init(&settings);
        settings.on_header_field = on_field;
        settings.on_header_value = on_value;
        settings.on_header_value_complete = on_value_complete;
        settings.on_headers_complete = on_headers_complete;
        settings.on_chunk_header = on_chunk_header;
        settings.on_body = on_body;
        settings.on_message_complete = on_complete;
        settings.on_url = on_url;
    }
    memset(parser, 0, sizeof *parser);
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
}

long http_head_end(const char *bytes, size_t from, size_t count) {
    const char *end = bytes + count;
    const char *at = bytes + (from > 0 ? from - 1 : 0);  // what follows the last line end was not seen before
    for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        if (at == bytes || at[-1] != '\r') return HTTP_MALFORMED;
        if (at - bytes >= 3 && at[-2] == '\n') return at + 1 - bytes;
        if (at + 1 < end && (at[1] == ' ' || at[1] == '\t' || at[1] == ':')) return HTTP_MALFORMED;
    }
    return 0;
}

/// The request line is exactly `method SP target SP HTTP/1.x CRLF`.
static http_verdict check_line(const http_head *head, const char *bytes, size_t count) {
    const char *space = memchr(bytes, ' ', count);
    if (space == NULL || head->target_length == 0) return HTTP_MALFORMED;
    if (head->target_offset != (size_t)(space - bytes) + 1) return HTTP_MALFORMED;
    size_t at = (size_t)head->target_offset + head->target_length;
    if (count < at + 11 || memcmp(bytes + at, " HTTP/", 6) != 0) return HTTP_MALFORMED;
    if (bytes[at + 7] != '.' || memcmp(bytes + at + 9, "\r\n", 2) != 0) return HTTP_MALFORMED;
    if (bytes[at + 6] != '1' || (bytes[at + 8] != '0' && bytes[at + 8] != '1')) return HTTP_BAD_VERSION;
    return HTTP_ACCEPTED;
}

static http_verdict check_head(const http_head *head, const char *bytes, size_t count) {
    http_verdict line = check_line(head, bytes, count);
    if (line != HTTP_ACCEPTED) return line;
    if (head->invalid || head->hosts > 1 || head->encodings > 1) return HTTP_MALFORMED;
    if (head->minor_version == 1 && head->hosts == 0) return HTTP_MALFORMED;
    if (head->encodings > 0 && (head->minor_version == 0 || head->has_length || !head->chunked))
        return HTTP_MALFORMED;
    /* No target has a fragment: who reads on behind it and who does not would see two paths. */
    if (memchr(bytes + head->target_offset, '#', head->target_length) != NULL) return HTTP_MALFORMED;
    char first = bytes[head->target_offset];
    bool asterisk = head->method == HTTP_OPTIONS && first == '*' && head->target_length == 1;
    if (first != '/' && !asterisk) return HTTP_MALFORMED;
    switch (head->method) {
        case HTTP_GET: case HTTP_HEAD: case HTTP_POST: case HTTP_PUT:
        case HTTP_DELETE: case HTTP_PATCH: case HTTP_OPTIONS: return HTTP_ACCEPTED;
        default: return HTTP_BAD_METHOD;
    }
}

http_verdict http_head_parse(http_parser *parser, http_head *head, const char *bytes, size_t count) {
    http_field *fields = head->fields;
    uint32_t fields_max = head->fields_max;
    memset(head, 0, sizeof *head);
    head->fields = fields;
    head->fields_max = fields_max;
    llhttp_reset(&parser->llhttp);
    parser->head = head;
    parser->base = bytes;
    parser->in_body = parser->complete = parser->too_large = parser->bad_framing = false;
    parser->body_count = parser->framing_count = 0;
    parser->last = 0;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, bytes, count);
    if (error == HPE_USER) return HTTP_TOO_MANY_FIELDS;
    if (error == HPE_PAUSED_H2_UPGRADE) return HTTP_BAD_VERSION;
    if (error == HPE_INVALID_VERSION) return HTTP_BAD_VERSION;
    if (error != HPE_OK && error != HPE_PAUSED) return HTTP_MALFORMED;
    if (!parser->in_body) return HTTP_MALFORMED;
    return check_head(head, bytes, count);
}

long http_chunked_feed(http_parser *parser, const char *bytes, size_t count) {
    parser->mark = bytes;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, bytes, count);
    if (parser->too_large) return HTTP_BODY_TOO_LARGE;
    if (parser->bad_framing || (error != HPE_OK && error != HPE_PAUSED)) return HTTP_MALFORMED;
    const char *end = parser->complete ? llhttp_get_error_pos(&parser->llhttp) : bytes + count;
    if (end < parser->mark || end > bytes + count) return HTTP_MALFORMED;
    if (!framing_valid(parser, parser->mark, end)) return HTTP_MALFORMED;
    return end - bytes;
}

bool http_name_valid(const char *bytes, size_t count) {
    if (count == 0) return false;
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL)) return false;
    }
    return true;
}

bool http_value_valid(const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

bool http_same_name(const void *name, const void *other, size_t count) {
    return strncasecmp(name, other, count) == 0;
}

void http_date(char *into) {
    time_t now = time(NULL);
    struct tm parts;
    char text[32];
    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    memcpy(into, text, 29);
}
