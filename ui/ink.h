/* What a cell of the screen means. Views name the meaning; the palette alone knows colours. */
#ifndef OTPLAN_UI_INK_H
#define OTPLAN_UI_INK_H

enum ink {
    INK_PLAIN,
    INK_DIM,    /* secondary text */
    INK_STRONG, /* headings, the focused thing */
    INK_TITLE,
    INK_KEY, /* a key in a hint */
    INK_OK,
    INK_WARN,
    INK_OVER, /* over budget, errors */
    INK_DENSE,
    INK_EXPERTS,
    INK_CACHE,
    INK_COMPUTE,
    INK_BUDGET,
    INK_ELSEWHERE, /* memory that others use */
    INK_HOST,      /* map glyph c */
    INK_DEVICE_0,  /* map glyphs 0-9, A-F: eight colours in turn */
    INK_DEVICE_7 = INK_DEVICE_0 + 7,
    INK_SELECTED,
    INK_CURSOR,
    INK_TARGET, /* the bar under a carried selection */
    INK_STATUS,
    INK_PROMPT,
    INK_COUNT,
};

#endif
