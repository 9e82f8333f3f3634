/* Latencies, all of them kept, and their percentiles as JSON. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int32_t *value; /* us */
    size_t used, size;
} Samples;

void sample(Samples *s, int64_t ns);

/* Print `, "NAME": {"p50": …, "p90": …, "p99": …, "max": …}`, in microseconds; -1 where there is none. */
void print_samples(const char *name, Samples *s);

/* Print `, "NAME": "TEXT"`, without control characters. */
void print_text(const char *name, const char *text);

#endif
