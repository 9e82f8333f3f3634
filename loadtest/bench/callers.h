/* Who calls, and where each call has to go. */
#ifndef CALLERS_H
#define CALLERS_H
#include <stddef.h>

typedef struct {
    char number[24];
    char variable[16]; /* IVR_QUEUE or IVR_MENU */
    char action[12];
    char name[32];
} Caller;

extern Caller *callers;
extern size_t caller_count;

/* Reads a file of lines `number,queue:NAME` or `number,menu:NAME`; without one caller it is the end. */
void read_callers(const char *path);

/* Says what went wrong with `what`, by errno, and ends with 2. */
_Noreturn void die(const char *what);

#endif
