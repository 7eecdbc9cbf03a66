#include "model/gguf/byte_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t byte_reader_left(const struct byte_reader *reader)
{
    return reader->size - reader->at;
}

bool byte_reader_fail(const struct byte_reader *reader, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(reader->error, ERROR_INPUT, "%s: %s", reader->path, text);
}

void byte_reader_note_cut(const struct byte_reader *reader)
{
    if (reader->cut != NULL) {
        *reader->cut = true;
    }
}

static bool fail_end(const struct byte_reader *reader, const char *what)
{
    byte_reader_note_cut(reader);
    return byte_reader_fail(reader,
                            "cut off inside the head: the file ends at byte %" PRIu64
                            ", inside %s that begins at byte %" PRIu64
                            " (fetch more of it, or all of it again)",
                            reader->size, what, reader->at);
}

bool byte_reader_skip(struct byte_reader *reader, uint64_t size, const char *what)
{
    if (size > byte_reader_left(reader)) {
        return fail_end(reader, what);
    }
    reader->at += size;
    return true;
}

uint64_t bytes_le(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = (value << 8) | bytes[i - 1];
    }
    return value;
}

static bool read_le(struct byte_reader *reader, size_t size, uint64_t *out, const char *what)
{
    if (size > byte_reader_left(reader)) {
        return fail_end(reader, what);
    }
    *out = bytes_le(reader->bytes + reader->at, size);
    reader->at += size;
    return true;
}

bool byte_reader_u8(struct byte_reader *reader, uint8_t *out, const char *what)
{
    uint64_t value = 0;
    bool ok = read_le(reader, 1, &value, what);
    *out = (uint8_t)value;
    return ok;
}

bool byte_reader_u16(struct byte_reader *reader, uint16_t *out, const char *what)
{
    uint64_t value = 0;
    bool ok = read_le(reader, 2, &value, what);
    *out = (uint16_t)value;
    return ok;
}

bool byte_reader_u32(struct byte_reader *reader, uint32_t *out, const char *what)
{
    uint64_t value = 0;
    bool ok = read_le(reader, 4, &value, what);
    *out = (uint32_t)value;
    return ok;
}

bool byte_reader_u64(struct byte_reader *reader, uint64_t *out, const char *what)
{
    return read_le(reader, 8, out, what);
}

bool byte_reader_string(struct byte_reader *reader, struct byte_slice *out, const char *what)
{
    uint64_t begin = reader->at;
    if (!byte_reader_u64(reader, &out->size, what)) {
        return false;
    }
    if (out->size > BYTE_READER_STRING_MAX) {
        return byte_reader_fail(reader,
                                "damaged: %s at byte %" PRIu64 " claims a length of %" PRIu64
                                " bytes, and 1 GiB is the limit",
                                what, begin, out->size);
    }
    out->bytes = reader->bytes + reader->at;
    return byte_reader_skip(reader, out->size, what);
}

struct shown_name shown_name(const uint8_t *bytes, uint64_t size)
{
    enum { SHOWN = 48 };
    struct shown_name shown = {{0}};
    size_t n = size > SHOWN ? SHOWN : (size_t)size;
    if (n > 0) {
        memcpy(shown.text, bytes, n);
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)shown.text[i];
        shown.text[i] = c >= 0x20 && c < 0x7f ? shown.text[i] : '?';
    }
    memcpy(shown.text + n, size > SHOWN ? "..." : "", size > SHOWN ? 4 : 1);
    return shown;
}
