#include "ui/palette.h"

enum { PLAIN = 0, BOLD = 1, DIM = 2, UNDERLINE = 4, REVERSE = 8 };

struct row {
    int at_8, at_16, at_256;
    long rgb;     /* -1: the terminal's own */
    unsigned how; /* BOLD | ... */
};

static const struct row rows[INK_COUNT] = {
    [INK_PLAIN] = {-1, -1, -1, -1, PLAIN},
    [INK_DIM] = {-1, 8, 245, 0x8A8A8A, DIM},
    [INK_STRONG] = {-1, -1, -1, -1, BOLD},
    [INK_TITLE] = {-1, -1, -1, -1, BOLD},
    [INK_KEY] = {6, 14, 80, 0x5FD7D7, BOLD},
    [INK_OK] = {2, 10, 36, 0x009E73, PLAIN},
    [INK_WARN] = {3, 11, 220, 0xFFD700, BOLD},
    [INK_OVER] = {1, 9, 203, 0xFF5F5F, BOLD | REVERSE},
    [INK_DENSE] = {4, 12, 32, 0x0087D7, PLAIN},
    [INK_EXPERTS] = {3, 11, 214, 0xFFAF00, PLAIN},
    [INK_CACHE] = {2, 10, 36, 0x00AF87, PLAIN},
    [INK_COMPUTE] = {5, 13, 175, 0xD787AF, PLAIN},
    [INK_BUDGET] = {-1, 15, 255, 0xEEEEEE, BOLD},
    [INK_ELSEWHERE] = {-1, 8, 243, 0x767676, DIM},
    [INK_HOST] = {-1, 7, 250, 0xBCBCBC, PLAIN},
    [INK_DEVICE_0] = {4, 12, 75, 0x5FAFFF, PLAIN},
    [INK_DEVICE_0 + 1] = {3, 11, 214, 0xFFAF00, PLAIN},
    [INK_DEVICE_0 + 2] = {2, 10, 36, 0x00AF87, PLAIN},
    [INK_DEVICE_0 + 3] = {5, 13, 175, 0xD787AF, PLAIN},
    [INK_DEVICE_0 + 4] = {6, 14, 117, 0x87D7FF, PLAIN},
    [INK_DEVICE_0 + 5] = {1, 9, 173, 0xD7875F, PLAIN},
    [INK_DEVICE_0 + 6] = {7, 15, 228, 0xFFFF87, PLAIN},
    [INK_DEVICE_0 + 7] = {4, 12, 68, 0x5F87D7, PLAIN},
    [INK_SELECTED] = {-1, -1, -1, -1, REVERSE},
    [INK_CURSOR] = {-1, -1, -1, -1, BOLD | UNDERLINE | REVERSE},
    [INK_TARGET] = {-1, -1, -1, -1, BOLD | REVERSE},
    [INK_STATUS] = {-1, -1, -1, -1, PLAIN},
    [INK_PROMPT] = {-1, -1, -1, -1, BOLD},
};

enum palette_tier palette_choose(int colors, bool wanted)
{
    if (!wanted || colors < 8) {
        return PALETTE_MONO;
    }
    return colors > 256    ? PALETTE_DIRECT
           : colors == 256 ? PALETTE_256
           : colors >= 16  ? PALETTE_16
                           : PALETTE_8;
}

struct paint palette_paint(enum palette_tier tier, enum ink ink)
{
    const struct row *row = &rows[ink < INK_COUNT ? ink : INK_PLAIN];
    struct paint paint = {.foreground = -1,
                          .background = -1,
                          .bold = (row->how & BOLD) != 0,
                          .underline = (row->how & UNDERLINE) != 0,
                          .reverse = (row->how & REVERSE) != 0};
    bool dim = (row->how & DIM) != 0;
    switch (tier) {
    case PALETTE_MONO:
        paint.dim = dim;
        break;
    case PALETTE_8:
        paint.foreground = row->at_8;
        paint.dim = dim;
        break;
    case PALETTE_16:
        paint.foreground = row->at_16;
        break;
    case PALETTE_256:
        paint.foreground = row->at_256;
        break;
    case PALETTE_DIRECT:
        paint.foreground = (int)row->rgb;
        break;
    }
    return paint;
}
