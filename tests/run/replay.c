/* otplan-replay LOG: prints a log of llama.cpp on standard error, each line at the moment that its stamp
 * ("0.01.234.567 I ...": minutes, seconds, milli- and microseconds) names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Microseconds; -1 where the line has no stamp. */
static long long stamp_of(const char *line)
{
    unsigned minutes = 0;
    unsigned seconds = 0;
    unsigned milli = 0;
    unsigned micro = 0;
    if (sscanf(line, "%u.%2u.%3u.%3u ", &minutes, &seconds, &milli, &micro) != 4) {
        return -1;
    }
    return ((minutes * 60LL + seconds) * 1000 + milli) * 1000 + micro;
}

static void wait_until(const struct timespec *begin, long long microseconds)
{
    struct timespec when = *begin;
    when.tv_sec += (time_t)(microseconds / 1000000);
    when.tv_nsec += (long)(microseconds % 1000000) * 1000;
    if (when.tv_nsec >= 1000000000) {
        when.tv_sec++;
        when.tv_nsec -= 1000000000;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

int main(int argc, char **argv)
{
    static char line[65536];
    struct timespec begin;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        fprintf(stderr, "otplan-replay LOG\n");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (fgets(line, sizeof line, file) != NULL) {
        long long stamp = stamp_of(line);
        if (stamp >= 0) {
            wait_until(&begin, stamp);
        }
        fputs(line, stderr);
    }
    fclose(file);
    return 1;
}
