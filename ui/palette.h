/* Colours for inks, in tiers: what the terminal can show decides, and NO_COLOR. Pure tables.
 *
 * The default's colours are those of Okabe and Ito, told apart with every common colour blindness; and every
 * fact they carry is also a glyph, a letter or a word.
 */
#ifndef OTPLAN_UI_PALETTE_H
#define OTPLAN_UI_PALETTE_H

#include "ui/ink.h"

#include <stdbool.h>

enum palette_tier { PALETTE_MONO, PALETTE_8, PALETTE_16, PALETTE_256, PALETTE_DIRECT };

struct paint {
    int foreground, background; /* number for the tier; -1: the terminal's own */
    bool bold, dim, underline, reverse;
};

/* One colour scheme: for each ink a colour in every tier and how it is set. */
struct palette {
    struct palette_row {
        int at_8, at_16, at_256;
        long rgb; /* -1: the terminal's own, in every tier */
        bool bold, dim, underline, reverse;
    } rows[INK_COUNT];
};

/* `colors` is what terminfo says (COLORS), 0 or less without colour. */
enum palette_tier palette_choose(int colors, bool wanted);
struct paint palette_paint(enum palette_tier tier, enum ink ink); /* of the default scheme */
struct paint palette_paint_of(const struct palette *palette, enum palette_tier tier, enum ink ink);
void palette_default(struct palette *out);
/* A row's colour in every tier, the nearest that each has; black, which may be the background, is left to the
 * terminal where there are but 8 or 16. */
void palette_set_rgb(struct palette_row *row, long rgb);

#endif
