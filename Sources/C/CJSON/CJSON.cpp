#include "CJSON.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <simdjson.h>

// The tape's layout is simdjson's documented one (doc/tape.md): a type byte above 56 bits of payload.
struct cjson_document {
    simdjson::dom::parser parser;
    uint8_t *source = nullptr;
    size_t source_count = 0;
    size_t source_capacity = 0;

    ~cjson_document() { std::free(source); }

    char type(size_t place) const { return char(parser.doc.tape[place] >> 56); }
    uint64_t payload(size_t place) const { return parser.doc.tape[place] & 0x00FFFFFFFFFFFFFFULL; }

    bool reserve(size_t count) {
        if (count + simdjson::SIMDJSON_PADDING <= source_capacity) return true;
        size_t wanted = count + count / 4 + 4096;
        void *grown = std::realloc(source, wanted);
        if (!grown) return false;
        source = static_cast<uint8_t *>(grown);
        source_capacity = wanted;
        return true;
    }
};

extern "C" {

cjson_document *cjson_create(void) { return new (std::nothrow) cjson_document(); }

void cjson_destroy(cjson_document *document) { delete document; }

size_t cjson_capacity(const cjson_document *document) { return document->source_capacity; }

int cjson_parse(cjson_document *document, const uint8_t *bytes, size_t count, size_t depth_max) {
    document->source_count = 0;
    if (count == 0) return simdjson::EMPTY;
    if (count > 0x7FFFFFFF) return simdjson::CAPACITY;
    if (!document->reserve(count)) return simdjson::MEMALLOC;
    std::memcpy(document->source, bytes, count);
    std::memset(document->source + count, 0, simdjson::SIMDJSON_PADDING);
    document->source_count = count;
    // Allocation is asked for in powers of two, so that bodies that grow a little do not allocate each time.
    if (count > document->parser.capacity() || depth_max != document->parser.max_depth()) {
        size_t wanted = 1024;
        while (wanted < count) wanted *= 2;
        auto failed = document->parser.allocate(wanted, depth_max);
        if (!failed) failed = document->parser.doc.allocate(wanted);
        if (failed) return failed;
    }
    simdjson::dom::element root;
    return document->parser.parse(document->source, count, false).get(root);
}

const char *cjson_error_text(int code) { return simdjson::error_message(simdjson::error_code(code)); }

cjson_kind cjson_kind_at(const cjson_document *document, size_t place) {
    switch (document->type(place)) {
    case '{': return CJSON_OBJECT;
    case '[': return CJSON_ARRAY;
    case '"': return CJSON_STRING;
    case 'l': return CJSON_INT64;
    case 'u': case 'd': return CJSON_NUMBER;
    case 't': return CJSON_TRUE;
    case 'f': return CJSON_FALSE;
    default: return CJSON_NULL;
    }
}

size_t cjson_after(const cjson_document *document, size_t place) {
    switch (document->type(place)) {
    case '{': case '[': return size_t(document->payload(place) & 0xFFFFFFFFULL);
    case 'l': case 'u': case 'd': return place + 2;
    default: return place + 1;
    }
}

size_t cjson_end(const cjson_document *document, size_t place) { return cjson_after(document, place) - 1; }

int64_t cjson_int64_at(const cjson_document *document, size_t place) {
    return int64_t(document->parser.doc.tape[place + 1]);
}

const uint8_t *cjson_string_at(const cjson_document *document, size_t place, size_t *count) {
    const uint8_t *stored = document->parser.doc.string_buf.get() + document->payload(place);
    uint32_t length;
    std::memcpy(&length, stored, sizeof(length));
    *count = length;
    return stored + sizeof(length);
}

size_t cjson_member(const cjson_document *document, size_t place, const uint8_t *key, size_t count) {
    if (document->type(place) != '{') return 0;
    size_t end = cjson_end(document, place);
    for (size_t at = place + 1; at < end; at = cjson_after(document, at + 1)) {
        size_t length;
        const uint8_t *text = cjson_string_at(document, at, &length);
        if (length == count && std::memcmp(text, key, count) == 0) return at + 1;
    }
    return 0;
}

// The words of one search, at most 32 of at most 32 bytes, and which lengths they have.
struct word_list {
    const uint8_t *start[32];
    size_t length[32];
    size_t count = 0;
    uint64_t lengths = 0;

    word_list(const uint8_t *words, size_t words_count) {
        for (size_t at = 0; at < words_count && count < 32;) {
            size_t size = cjson_find_byte(words + at, words_count - at, ' ');
            if (size > 0 && size <= 32) {
                start[count] = words + at;
                length[count++] = size;
                lengths |= 1ULL << size;
            }
            at += size + 1;
        }
    }

    bool has(const uint8_t *text, size_t size) const {
        if (size > 32 || !(lengths >> size & 1)) return false;
        for (size_t index = 0; index < count; index++) {
            if (length[index] == size && std::memcmp(start[index], text, size) == 0) return true;
        }
        return false;
    }
};

size_t cjson_count_strings(const cjson_document *document, const uint8_t *words, size_t words_count) {
    const word_list list(words, words_count);
    size_t found = 0;
    size_t end = document->payload(0);
    for (size_t at = 1; at < end;) {
        char type = document->type(at);
        if (type == '"') {
            size_t length;
            const uint8_t *stored = cjson_string_at(document, at, &length);
            if (list.has(stored, length)) found++;
        }
        at += (type == 'l' || type == 'u' || type == 'd') ? 2 : 1;
    }
    return found;
}

// Each tape entry but the roots stands for one structural index; only ':' and ',' have no entry.
static size_t source_offset(const cjson_document *document, size_t place, size_t *structural) {
    size_t entries = 0;
    for (size_t at = 1; at < place; entries++) {
        char type = document->type(at);
        at += (type == 'l' || type == 'u' || type == 'd') ? 2 : 1;
    }
    const auto &tokens = *document->parser.implementation;
    for (size_t index = 0; index < tokens.n_structural_indexes; index++) {
        uint8_t byte = document->source[tokens.structural_indexes[index]];
        if (byte == ':' || byte == ',') continue;
        if (entries-- == 0) {
            if (structural) *structural = index;
            return tokens.structural_indexes[index];
        }
    }
    return document->source_count;
}

void cjson_source_range(const cjson_document *document, size_t place, size_t *start, size_t *end) {
    size_t structural = 0;
    *start = source_offset(document, place, &structural);
    char type = document->type(place);
    if (type == '{' || type == '[') {
        *end = source_offset(document, cjson_end(document, place), nullptr) + 1;
        return;
    }
    // A scalar ends where the next token starts, less the white space between.
    const auto &tokens = *document->parser.implementation;
    size_t stop = document->source_count;
    if (structural + 1 < tokens.n_structural_indexes) stop = tokens.structural_indexes[structural + 1];
    while (stop > *start) {
        uint8_t last = document->source[stop - 1];
        if (last != ' ' && last != '\n' && last != '\r' && last != '\t') break;
        stop--;
    }
    *end = stop;
}

const uint8_t *cjson_source(const cjson_document *document, size_t *count) {
    *count = document->source_count;
    return document->source;
}

size_t cjson_find_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
    if (count == 0) return 0;
    const void *found = std::memchr(bytes, byte, count);
    return found ? size_t(static_cast<const uint8_t *>(found) - bytes) : count;
}

size_t cjson_find(const uint8_t *bytes, size_t count, const uint8_t *needle, size_t needle_count) {
    if (count < needle_count || needle_count == 0) return count;
    const void *found = memmem(bytes, count, needle, needle_count);
    return found ? size_t(static_cast<const uint8_t *>(found) - bytes) : count;
}

size_t cjson_plain_prefix(const uint8_t *bytes, size_t count) {
    size_t at = 0;
    while (at < count && bytes[at] >= 0x20 && bytes[at] != '"' && bytes[at] != '\\') at++;
    return at;
}

}
