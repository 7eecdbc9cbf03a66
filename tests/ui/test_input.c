/* Bytes to events, wherever a read boundary falls. */
#include "ui/input.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static size_t decode(const char *bytes, size_t n, size_t cut, struct event *events, size_t most)
{
    struct input input;
    size_t count = 0;
    input_init(&input, 25);
    input_feed(&input, bytes, cut);
    input_feed(&input, bytes + cut, n - cut);
    while (count < most && input_next(&input, &events[count])) {
        count++;
    }
    input_clear(&input);
    return count;
}

Test(input, keys_of_many_terminals)
{
    static const struct {
        const char *bytes;
        uint32_t key;
    } cases[] = {
        {"a", 'a'},
        {"\033[A", PRESS_UP},
        {"\033OA", PRESS_UP},
        {"\033[1;2B", PRESS_SHIFT_DOWN},
        {"\033[c", PRESS_SHIFT_RIGHT},
        {"\033[H", PRESS_HOME},
        {"\033[7~", PRESS_HOME},
        {"\033[4~", PRESS_END},
        {"\033[5~", PRESS_PAGE_UP},
        {"\033[Z", PRESS_SHIFT_TAB},
        {"\033OP", PRESS_F1},
        {"\033[[A", PRESS_F1},
        {"\033[17~", PRESS_F1 + 5},
        {"\r", PRESS_ENTER},
        {"\n", PRESS_ENTER},
        {"\b", PRESS_BACKSPACE},
        {"\022", 'r' & PRESS_CONTROL},
        {"\303\244", 0xE4},
        {"\360\237\231\202", 0x1F642},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].bytes);
        for (size_t cut = 0; cut <= n; cut++) {
            struct event events[4];
            size_t count = decode(cases[i].bytes, n, cut, events, 4);
            cr_assert_eq(count, 1, "case %zu cut %zu: %zu events", i, cut, count);
            cr_assert_eq(events[0].key, cases[i].key, "case %zu cut %zu", i, cut);
        }
    }
}

Test(input, a_fast_drag_in_one_read_keeps_its_press_wherever_it_is_cut)
{
    static const char bytes[] = "\033[<0;11;6M\033[<32;12;6M\033[<32;230;99M\033[<0;230;99m";
    size_t n = sizeof bytes - 1;
    for (size_t cut = 0; cut <= n; cut++) {
        struct event events[8];
        cr_assert_eq(decode(bytes, n, cut, events, 8), 4);
        cr_assert_eq(events[0].mouse.action, MOUSE_PRESS);
        cr_assert_eq(events[0].mouse.x, 10);
        cr_assert_eq(events[0].mouse.y, 5);
        cr_assert_eq(events[1].mouse.action, MOUSE_MOVE);
        cr_assert_eq(events[2].mouse.x, 229);
        cr_assert_eq(events[3].mouse.action, MOUSE_RELEASE);
    }
}

Test(input, buttons_wheel_and_modifiers)
{
    struct event events[8];
    static const char bytes[] = "\033[<2;1;1M\033[<64;1;1M\033[<65;1;1M\033[<4;1;1M\033[<35;1;1M";
    cr_assert_eq(decode(bytes, sizeof bytes - 1, 0, events, 8), 5);
    cr_assert_eq(events[0].mouse.button, 2);
    cr_assert_eq(events[1].mouse.action, MOUSE_WHEEL_UP);
    cr_assert_eq(events[2].mouse.action, MOUSE_WHEEL_DOWN);
    cr_assert(events[3].mouse.shift);
    cr_assert_eq(events[4].mouse.button, 3);
}

Test(input, broken_reports_never_become_keys)
{
    static const char *const broken[] = {
        "\033[<0;0;1M",   "\033[<;;M", "\033[<0;1M", "\033[<99999999999;1;1M",
        "\033[<1;2;3;4M", "\033[1;1R", "\033[?1;2c", "\033[<0;-1;1M",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct event events[8];
        size_t count = decode(broken[i], strlen(broken[i]), 0, events, 8);
        for (size_t k = 0; k < count; k++) {
            cr_assert_neq(events[k].kind, EVENT_MOUSE, "%zu", i);
            cr_assert_geq(events[k].key, PRESS_F1, "case %zu typed a character", i);
        }
    }
}

Test(input, an_escape_alone_is_the_key_after_its_time)
{
    struct input input;
    struct event event;
    input_init(&input, 25);
    input_feed(&input, "\033", 1);
    cr_assert_not(input_next(&input, &event));
    cr_assert_eq(input_wait_ms(&input), 25);
    input_timeout(&input);
    cr_assert(input_next(&input, &event));
    cr_assert_eq(event.key, PRESS_ESCAPE);
    cr_assert_eq(input_wait_ms(&input), -1);
    input_feed(&input, "x", 1);
    cr_assert(input_next(&input, &event));
    cr_assert_eq(event.key, 'x');
    input_clear(&input);
}

Test(input, a_report_cut_after_its_escape_on_a_slow_link_is_no_typing)
{
    struct input input;
    struct event event;
    input_init(&input, 25);
    input_feed(&input, "\033", 1);
    input_timeout(&input);
    cr_assert(input_next(&input, &event));
    input_feed(&input, "[<0;3;4M", 8);
    cr_assert(input_next(&input, &event));
    cr_assert_eq(event.kind, EVENT_MOUSE);
    cr_assert_eq(event.mouse.x, 2);
    cr_assert_not(input_next(&input, &event));
    input_clear(&input);
}

Test(input, escape_then_a_letter_is_both)
{
    struct event events[4];
    cr_assert_eq(decode("\033u", 2, 0, events, 4), 2);
    cr_assert_eq(events[0].key, PRESS_ESCAPE);
    cr_assert_eq(events[1].key, 'u');
}

Test(input, a_paste_is_one_event_and_holds_its_escapes)
{
    static const char bytes[] = "\033[200~quit\n\033[A m1\033[201~k";
    size_t n = sizeof bytes - 1;
    for (size_t cut = 0; cut <= n; cut++) {
        struct event events[4];
        cr_assert_eq(decode(bytes, n, cut, events, 4), 2);
        cr_assert_eq(events[0].kind, EVENT_PASTE);
        cr_assert_str_eq(events[0].text, "quit\n\033[A m1");
        cr_assert_eq(events[1].key, 'k');
        event_clear(&events[0]);
    }
}

Test(input, lost_focus)
{
    struct event events[4];
    cr_assert_eq(decode("\033[O", 3, 0, events, 4), 1);
    cr_assert_eq(events[0].kind, EVENT_FOCUS_LOST);
}

Test(input, noise_of_any_kind_is_survived)
{
    struct input input;
    struct event event;
    uint32_t random = 12345;
    input_init(&input, 25);
    static const char likely[] = "\033[<;0123456789MmOA~\0\xff\xc3 200q";
    for (int i = 0; i < 200000; i++) {
        random = random * 1664525U + 1013904223U;
        char byte = (random >> 8) % 3 == 0 ? (char)(random >> 16)
                                           : likely[(random >> 16) % (sizeof likely - 1)];
        input_feed(&input, &byte, 1);
        if (random % 97 == 0) {
            input_timeout(&input);
        }
        while (input_next(&input, &event)) {
            event_clear(&event);
        }
    }
    input_clear(&input);
}
