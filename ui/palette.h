/* Colours for inks, in tiers: what the terminal can show decides, and NO_COLOR. Pure tables.
 *
 * The colours are those of Okabe and Ito, told apart with every common colour blindness; and every
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

/* `colors` is what terminfo says (COLORS), 0 or less without colour. */
enum palette_tier palette_choose(int colors, bool wanted);
struct paint palette_paint(enum palette_tier tier, enum ink ink);

#endif
