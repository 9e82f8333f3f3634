#include "callers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Caller *callers;
size_t caller_count;

_Noreturn void die(const char *what)
{
    fprintf(stderr, "agi_load: %s: %s\n", what, strerror(errno));
    exit(2);
}

void read_callers(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128];
    size_t size = 0;

    if (!file)
        die(path);
    while (fgets(line, sizeof line, file)) {
        if (caller_count == size) {
            size = size ? size * 2 : 1024;
            callers = realloc(callers, size * sizeof *callers);
            if (!callers)
                die("memory");
        }
        Caller *c = &callers[caller_count];
        if (sscanf(line, "%23[^,],%11[^:]:%31[^\r\n]", c->number, c->action, c->name) != 3)
            continue; /* the header, an empty line */
        strcpy(c->variable, strcmp(c->action, "menu") == 0 ? "IVR_MENU" : "IVR_QUEUE");
        caller_count++;
    }
    fclose(file);
    if (caller_count == 0) {
        errno = EINVAL;
        die(path);
    }
}
