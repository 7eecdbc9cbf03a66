/* A screen as a picture to share: what a canvas holds, as SVG or as text with ANSI escapes.
 *
 * UTF-8; names come from files and are escaped. The SVG refers to nothing outside itself.
 */
#ifndef OTPLAN_SRC_PICTURE_H
#define OTPLAN_SRC_PICTURE_H

#include "model/base/strbuf.h"
#include "ui/canvas.h"

#include <stdbool.h>

/* `title` is what a reader is told that sees no pictures. */
void picture_svg(const struct canvas *canvas, const char *title, struct strbuf *out);
/* 256 colours or, without `color`, bold and reverse alone. Blanks at the end of a line are left out. */
void picture_ansi(const struct canvas *canvas, bool color, struct strbuf *out);

/* Text for XML and HTML, also between quotes; what neither may hold becomes `?`. */
void picture_escape(struct strbuf *out, const char *text);

#endif
