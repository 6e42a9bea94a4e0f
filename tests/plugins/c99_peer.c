/* A policy of leapp-c99 that another program steps through its standard input and output, as tests/cpp/peer.py does it.
 * Compile with -DPOLICY_HEADER='"name.h"'. All of its inputs and outputs are float, so the structs hold no gaps. */
#define _POSIX_C_SOURCE 199309L
#include POLICY_HEADER

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIMED 5000

static int by_size(const void *one, const void *other) {
    const double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e6 * (double)time.tv_sec + 1e-3 * (double)time.tv_nsec;
}

int main(void) {
    static policy self;
    static policy_inputs in;
    static policy_outputs out;
    static double times[TIMED];
    int asked, at;
    policy_init(&self);
    while ((asked = getchar()) != EOF) {
        if (asked == 'r') {
            policy_reset(&self);
            continue;
        }
        if (fread(&in, sizeof in, 1, stdin) != 1)
            return 1;
        putchar(policy_step(&self, &in, &out));
        fwrite(&out, sizeof out, 1, stdout);
        fflush(stdout);
    }
    for (at = 0; at < TIMED; ++at) {
        const double start = now();
        (void)policy_step(&self, &in, &out);
        times[at] = now() - start;
    }
    qsort(times, TIMED, sizeof times[0], by_size);
    fprintf(stderr, "{\"microseconds\": %.3f, \"frequency\": %g, \"state\": %u}\n", times[TIMED / 2], POLICY_FREQUENCY,
            (unsigned)sizeof self);
    return 0;
}
