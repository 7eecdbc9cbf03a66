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

void palette_default(struct palette *out)
{
    for (int ink = 0; ink < INK_COUNT; ink++) {
        const struct row *row = &rows[ink];
        out->rows[ink] = (struct palette_row){
            .at_8 = row->at_8,
            .at_16 = row->at_16,
            .at_256 = row->at_256,
            .rgb = row->rgb,
            .bold = (row->how & BOLD) != 0,
            .dim = (row->how & DIM) != 0,
            .underline = (row->how & UNDERLINE) != 0,
            .reverse = (row->how & REVERSE) != 0,
        };
    }
}

struct paint palette_paint_of(const struct palette *palette, enum palette_tier tier, enum ink ink)
{
    const struct palette_row *row = &palette->rows[ink < INK_COUNT ? ink : INK_PLAIN];
    const int foreground[] = {[PALETTE_MONO] = -1,
                              [PALETTE_8] = row->at_8,
                              [PALETTE_16] = row->at_16,
                              [PALETTE_256] = row->at_256,
                              [PALETTE_DIRECT] = (int)row->rgb};
    return (struct paint){.foreground = foreground[tier],
                          .background = -1,
                          .bold = row->bold,
                          .dim = row->dim && tier <= PALETTE_8, /* else the colour says so */
                          .underline = row->underline,
                          .reverse = row->reverse};
}

struct paint palette_paint(enum palette_tier tier, enum ink ink)
{
    struct palette palette;
    palette_default(&palette);
    return palette_paint_of(&palette, tier, ink);
}

/* ---- the nearest that a tier has ------------------------------------------------------------ */

static long distance(long a, long b)
{
    long sum = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        long away = (a >> shift & 0xFF) - (b >> shift & 0xFF);
        sum += away * away;
    }
    return sum;
}

/* xterm's own: sixteen names, a cube of 6 x 6 x 6, 24 greys. */
static long xterm_rgb(int index)
{
    static const long names[16] = {0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD,
                                   0x00CDCD, 0xE5E5E5, 0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00,
                                   0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};
    static const long steps[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16) {
        return names[index];
    }
    if (index >= 232) {
        return (8 + 10L * (index - 232)) * 0x010101;
    }
    int cube = index - 16;
    return steps[cube / 36] << 16 | steps[cube / 6 % 6] << 8 | steps[cube % 6];
}

static int nearest(long rgb, int first, int end)
{
    int best = first;
    for (int index = first; index < end; index++) {
        if (distance(rgb, xterm_rgb(index)) < distance(rgb, xterm_rgb(best))) {
            best = index;
        }
    }
    return best;
}

void palette_set_rgb(struct palette_row *row, long rgb)
{
    row->rgb = rgb;
    row->at_8 = row->at_16 = row->at_256 = -1;
    if (rgb < 0) {
        return;
    }
    row->at_256 = nearest(rgb, 16, 256);
    int named = nearest(rgb, 0, 16);
    row->at_16 = named > 0 ? named : -1;
    row->at_8 = named % 8 > 0 ? named % 8 : -1;
}
