#include "src/speed_summary.h"

#include "model/base/plain_text.h"
#include "model/plan/prompt_speed.h"
#include "src/plan_summary.h"

#include <stdlib.h>
#include <string.h>

/* "Prompts about 812 tokens/s: 512 at once, 24 576.0 MiB of CPU weights copied to CUDA0 for them" */
static void add_prompt_speed(const struct plan_json_source *source, struct strbuf *out)
{
    struct prompt_speed speed;
    prompt_speed_estimate(source->model, source->rig, source->evaluation, source->depth, &speed);
    if (!speed.known) {
        strbuf_add(out, "  prompts: not known, ");
        strbuf_add_plain(out, speed.unknown_because);
        strbuf_add(out, "\n");
    } else {
        strbuf_format(out, "Prompts about %.0f tokens/s, %u at once", speed.tokens_per_second,
                      speed.n_ubatch);
        double copied =
            speed.offload == DEVICE_HOST ? 0 : speed.devices[speed.offload].bytes_copied;
        if (copied > 0) {
            strbuf_add(out, ", each with ");
            summary_add_mib(out, (uint64_t)copied, 0);
            strbuf_add(out, " MiB of CPU weights copied to ");
            strbuf_add_plain(out, rig_name(source->rig, speed.offload));
        }
        strbuf_format(out, "\n  %.0f%% of each card's F16 arithmetic unless calibrated\n",
                      100 * DEFAULT_COMPUTE_EFFICIENCY);
    }
    prompt_speed_clear(&speed);
}

static char *rate_text(const struct device *device)
{
    struct strbuf text = {0};
    speed_rate_text(device, &text);
    return strbuf_take(&text);
}

/* "  CUDA0 to CUDA3  1792 GB/s (device file) x 75% (default)": devices in a row that are alike share a line. */
static void add_rates(const struct plan_json_source *source, const struct speed *speed,
                      struct strbuf *out)
{
    const struct rig *rig = source->rig;
    char *text = NULL;
    for (size_t i = 0; i < rig->n_devices;) {
        size_t first = i;
        bool is_read = false;
        free(text);
        text = rate_text(&rig->devices[i]);
        for (; i < rig->n_devices; i++) {
            char *next = rate_text(&rig->devices[i]);
            bool same = strcmp(text, next) == 0;
            free(next);
            if (!same) {
                break;
            }
            is_read = is_read || speed->devices[i].bytes_read > 0;
        }
        if (is_read) {
            bool alone = i == first + 1;
            strbuf_add(out, "    ");
            strbuf_add_plain(out, rig->devices[first].name);
            strbuf_add(out, alone ? "" : " to ");
            strbuf_add_plain(out, alone ? "" : rig->devices[i - 1].name);
            strbuf_format(out, "  %s\n", text);
        }
    }
    free(text);
    if (speed->host.bytes_read > 0) {
        text = rate_text(&rig->host);
        strbuf_format(out, "    %s  %s\n", rig->host.name, text);
        free(text);
    }
}

/* The figure stands on stated assumptions, so they are said with it. */
void speed_summary(const struct plan_json_source *source, struct strbuf *out)
{
    struct speed speed;
    speed_estimate(source->model, source->rig, source->evaluation, source->depth, &speed);
    if (speed.known) {
        strbuf_format(out, "About %.2f tokens/s", speed.tokens_per_second);
        if (speed.bound_known) {
            strbuf_format(out, " of at most %.2f for any placement that fits",
                          speed.bound_tokens_per_second);
        }
        strbuf_format(out, "\n  for a token at depth %llu; each device at\n",
                      (unsigned long long)source->depth);
        add_rates(source, &speed, out);
        if (source->evaluation->host.headroom < 0) {
            strbuf_add(out,
                       "    disk  what does not fit the host is read for every token; that time is "
                       "not in the figure\n");
        }
        add_prompt_speed(source, out);
        strbuf_add(out, "\n");
    }
    speed_clear(&speed);
}
