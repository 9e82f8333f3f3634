#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

void sample(Samples *s, int64_t ns)
{
    if (s->used == s->size) {
        s->size = s->size ? s->size * 2 : 1 << 16;
        s->value = realloc(s->value, s->size * sizeof *s->value);
        if (!s->value)
            abort();
    }
    int64_t us = ns / 1000;
    s->value[s->used++] = us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void print_samples(const char *name, Samples *s)
{
    static const struct {
        const char *name;
        double share;
    } points[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"max", 1}};

    if (s->used)
        qsort(s->value, s->used, sizeof *s->value, ascending);
    printf(", \"%s\": {", name);
    for (size_t i = 0; i < 4; i++) {
        size_t at = (size_t)(points[i].share * (double)s->used);
        if (at >= s->used)
            at = s->used - 1;
        printf("%s\"%s\": %d", i ? ", " : "", points[i].name, s->used ? s->value[at] : -1);
    }
    printf("}");
}

void print_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text >= ' ')
            putchar(*text);
    printf("\"");
}
