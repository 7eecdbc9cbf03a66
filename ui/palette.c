#include "ui/palette.h"

struct row {
    int at_8, at_16, at_256;
    long rgb; /* -1: the terminal's own */
    bool bold, dim, underline, reverse;
};

static const struct row rows[INK_COUNT] = {
    [INK_PLAIN] = {-1, -1, -1, -1},
    [INK_DIM] = {-1, 8, 245, 0x8A8A8A, .dim = true},
    [INK_STRONG] = {-1, -1, -1, -1, .bold = true},
    [INK_TITLE] = {-1, -1, -1, -1, .bold = true},
    [INK_KEY] = {6, 14, 80, 0x5FD7D7, .bold = true},
    [INK_OK] = {2, 10, 36, 0x009E73},
    [INK_WARN] = {3, 11, 220, 0xFFD700, .bold = true},
    [INK_OVER] = {1, 9, 203, 0xFF5F5F, .bold = true, .reverse = true},
    [INK_DENSE] = {4, 12, 32, 0x0087D7},
    [INK_EXPERTS] = {3, 11, 214, 0xFFAF00},
    [INK_CACHE] = {2, 10, 36, 0x00AF87},
    [INK_COMPUTE] = {5, 13, 175, 0xD787AF},
    [INK_BUDGET] = {-1, 15, 255, 0xEEEEEE, .bold = true},
    [INK_ELSEWHERE] = {-1, 8, 243, 0x767676, .dim = true},
    [INK_HOST] = {-1, 7, 250, 0xBCBCBC},
    [INK_DEVICE_0] = {4, 12, 75, 0x5FAFFF},
    [INK_DEVICE_0 + 1] = {3, 11, 214, 0xFFAF00},
    [INK_DEVICE_0 + 2] = {2, 10, 36, 0x00AF87},
    [INK_DEVICE_0 + 3] = {5, 13, 175, 0xD787AF},
    [INK_DEVICE_0 + 4] = {6, 14, 117, 0x87D7FF},
    [INK_DEVICE_0 + 5] = {1, 9, 173, 0xD7875F},
    [INK_DEVICE_0 + 6] = {7, 15, 228, 0xFFFF87},
    [INK_DEVICE_0 + 7] = {4, 12, 68, 0x5F87D7},
    [INK_SELECTED] = {-1, -1, -1, -1, .reverse = true},
    [INK_CURSOR] = {-1, -1, -1, -1, .bold = true, .underline = true, .reverse = true},
    [INK_TARGET] = {-1, -1, -1, -1, .bold = true, .reverse = true},
    [INK_STATUS] = {-1, -1, -1, -1},
    [INK_PROMPT] = {-1, -1, -1, -1, .bold = true},
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
    struct paint paint = {-1, -1, row->bold, false, row->underline, row->reverse};
    switch (tier) {
    case PALETTE_MONO:
        paint.dim = row->dim;
        break;
    case PALETTE_8:
        paint.foreground = row->at_8;
        paint.dim = row->dim;
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
