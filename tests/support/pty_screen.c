/* The screen as text and cells. */
#include "tests/support/pty_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t put_utf8(char *to, uint32_t character)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    size_t extra = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(lead[extra] | (character >> (6 * extra)));
    for (size_t i = 1; i <= extra; i++)
        to[i] = (char)(0x80 | ((character >> (6 * (extra - i))) & 0x3f));
    return extra + 1;
}

static size_t cell_text(char *to, const VTermScreenCell *cell)
{
    size_t length = 0;
    for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
        length += put_utf8(to + length, cell->chars[i]);
    if (length == 0)
        to[length++] = ' ';
    to[length] = '\0';
    return length;
}

static VTermScreenCell cell_at(const struct pty *terminal, int row, int column)
{
    VTermScreenCell cell;
    memset(&cell, 0, sizeof cell);
    vterm_screen_get_cell(terminal->screen, (VTermPos){.row = row, .col = column}, &cell);
    if (cell.width < 1)
        cell.width = 1;
    return cell;
}

/* Writes one row and, where asked for, the column each byte belongs to. */
static size_t row_text(const struct pty *terminal, int row, char *to, int *columns)
{
    size_t length = 0, end = 0;
    for (int column = 0; column < terminal->columns;) {
        VTermScreenCell cell = cell_at(terminal, row, column);
        size_t bytes = cell_text(to + length, &cell);
        for (size_t i = 0; columns && i < bytes; i++)
            columns[length + i] = column;
        length += bytes;
        if (cell.chars[0] && cell.chars[0] != ' ')
            end = length;
        column += cell.width;
    }
    to[end] = '\0';
    return end;
}

static size_t row_room(const struct pty *terminal)
{
    return (size_t)terminal->columns * 28 + 1;
}

const char *pty_row(struct pty *terminal, int row)
{
    free(terminal->text);
    terminal->text = malloc(row_room(terminal));
    row_text(terminal, row, terminal->text, NULL);
    return terminal->text;
}

const char *pty_screen(struct pty *terminal)
{
    free(terminal->text);
    terminal->text = malloc(row_room(terminal) * (size_t)terminal->rows + 1);
    size_t length = 0;
    for (int row = 0; row < terminal->rows; row++) {
        length += row_text(terminal, row, terminal->text + length, NULL);
        terminal->text[length++] = '\n';
    }
    terminal->text[length] = '\0';
    return terminal->text;
}

static void colour(const struct pty *terminal, VTermColor colour, int rgb[3])
{
    vterm_screen_convert_color_to_rgb(terminal->screen, &colour);
    rgb[0] = colour.rgb.red;
    rgb[1] = colour.rgb.green;
    rgb[2] = colour.rgb.blue;
}

struct pty_cell pty_cell(struct pty *terminal, int row, int column)
{
    VTermScreenCell cell = cell_at(terminal, row, column);
    struct pty_cell seen = {.bold = cell.attrs.bold,
                            .reverse = cell.attrs.reverse,
                            .underline = cell.attrs.underline != 0,
                            .default_foreground = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg),
                            .default_background = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg)};
    cell_text(seen.text, &cell);
    colour(terminal, cell.fg, seen.foreground);
    colour(terminal, cell.bg, seen.background);
    return seen;
}

bool pty_find(struct pty *terminal, const char *text, int *row, int *column)
{
    char *line = malloc(row_room(terminal));
    int *columns = malloc(row_room(terminal) * sizeof *columns);
    bool found = false;
    for (int at = 0; at < terminal->rows && !found; at++) {
        row_text(terminal, at, line, columns);
        const char *hit = strstr(line, text);
        found = hit != NULL;
        if (found && row)
            *row = at;
        if (found && column)
            *column = columns[hit - line];
    }
    free(columns);
    free(line);
    return found;
}

bool pty_shows(struct pty *terminal, const char *text)
{
    return pty_find(terminal, text, NULL, NULL);
}

static bool shows(struct pty *terminal, void *text)
{
    return pty_shows(terminal, text);
}

static bool shows_not(struct pty *terminal, void *text)
{
    return !pty_shows(terminal, text);
}

bool pty_wait_for(struct pty *terminal, const char *text)
{
    return pty_wait(terminal, shows, (void *)text);
}

bool pty_wait_gone(struct pty *terminal, const char *text)
{
    return pty_wait(terminal, shows_not, (void *)text);
}

int pty_rows(const struct pty *terminal)
{
    return terminal->rows;
}

int pty_columns(const struct pty *terminal)
{
    return terminal->columns;
}

const char *pty_output(const struct pty *terminal, size_t *length)
{
    if (length)
        *length = terminal->output_length;
    return terminal->output ? terminal->output : "";
}

enum pty_mouse pty_mouse_mode(const struct pty *terminal)
{
    return terminal->mouse;
}

bool pty_alternate(const struct pty *terminal)
{
    return terminal->alternate;
}

bool pty_cursor_visible(const struct pty *terminal)
{
    return terminal->cursor_visible;
}
