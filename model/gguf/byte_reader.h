/* A bounded cursor over the bytes of one file. Every read is checked against what is left; the first
 * that does not fit fails with a line that names the file, the place and what was being read. Numbers
 * are little-endian and put together byte by byte: no cast of file bytes to a struct.
 */
#ifndef OTPLAN_MODEL_GGUF_BYTE_READER_H
#define OTPLAN_MODEL_GGUF_BYTE_READER_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_reader {
    const char *path; /* for messages; borrowed */
    const uint8_t *bytes;
    uint64_t size;
    uint64_t at;
    struct error *error; /* may be NULL */
    bool *cut;           /* may be NULL: set where a read went past the end, and only then */
};

#define BYTE_READER_STRING_MAX (UINT64_C(1) << 30) /* GGUF_MAX_STRING_LENGTH */

/* A run of file bytes, borrowed. */
struct byte_slice {
    const uint8_t *bytes;
    uint64_t size;
};

uint64_t byte_reader_left(const struct byte_reader *reader);

/* `what` completes "the file ends inside ..."; all return false past the end. */
bool byte_reader_skip(struct byte_reader *reader, uint64_t size, const char *what);
bool byte_reader_u8(struct byte_reader *reader, uint8_t *out, const char *what);
bool byte_reader_u16(struct byte_reader *reader, uint16_t *out, const char *what);
bool byte_reader_u32(struct byte_reader *reader, uint32_t *out, const char *what);
bool byte_reader_u64(struct byte_reader *reader, uint64_t *out, const char *what);
/* A GGUF string: u64 length, then as many bytes. More than 1 GiB is refused, as llama.cpp does. */
bool byte_reader_string(struct byte_reader *reader, struct byte_slice *out, const char *what);

/* For callers that see by other means that the end comes too early. */
void byte_reader_note_cut(const struct byte_reader *reader);

/* "PATH: " in front of a message of kind ERROR_INPUT. Always false. */
bool byte_reader_fail(const struct byte_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A name from a file as messages show it: printable ASCII, at most 48 bytes and then "...". */
struct shown_name {
    char text[56];
};
struct shown_name shown_name(const uint8_t *bytes, uint64_t size);

/* Little-endian numbers at `bytes`; the caller has checked that they are there. */
uint64_t bytes_le(const uint8_t *bytes, size_t size);

static inline uint64_t bytes_le64(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

#endif
