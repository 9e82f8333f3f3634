/* A FastAGI load generator: it plays Asterisk's side of a call and checks every answer.
 *
 * It does what res/res_agi.c of Asterisk 22 does, call by call: connect without TCP_NODELAY, one
 * write() for every environment line (launch_netscript, then setup_env), read one command, answer
 * it, wait for the end of the stream, write "HANGUP" (run_agi does so at every end), close.
 *
 *   open loop    --rate R       one call every 1/R s, whatever the server does; latencies count from
 *                               the intended start, so a slow server cannot hide its queue.
 *   closed loop  --in-flight N  N calls at any time: what the server can take.
 *
 * With --patience S a call that has no command after so long hangs up, as the dialplan goes on then.
 *
 * A machine that is too slow to write 25 times a call can join the lines (--joined): the server then
 * has less to read than from Asterisk, so compare such figures with each other only. "late_us" tells
 * when that is so: by how much calls started after their intended start.
 *
 * One thread, epoll. Result: one JSON object on stdout, latencies in microseconds.
 * Exit code 0 only if every call got the right answer; 1 if not; 2 if the run could not start.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "callers.h"
#include "samples.h"

#define COMMAND_SIZE 2048
#define EVENTS 256
#define STARTS_A_ROUND 32 /* then look at the calls in flight, however late we are */

typedef enum { CONNECTING, WAITING, ANSWERED } State;

typedef struct Call {
    struct Call *next_free;
    const Caller *caller;
    int64_t start; /* ns; intended start in open loop */
    long serial;
    int fd;
    State state;
    bool right;
    size_t used;
    char command[COMMAND_SIZE];
} Call;

static struct {
    struct sockaddr_in server;
    const char *dnis, *script;
    double rate, seconds, drain, patience;
    long in_flight, skip;
    bool joined;
} opt = {.dnis = "10010", .script = "route", .seconds = 5, .drain = 5};

static Call *free_calls;
static int epoll_fd;
static long epoch;
static bool starting = true;

static struct {
    long started, right, wrong, declined, unanswered, failed, unclosed, gave_up, active;
} count;

#define PATIENT (1L << 20) /* calls that wait at a time, at most */
static struct {
    Call *call;
    long serial;
} waiting[PATIENT]; /* in the order of their start, those among them that are over too */
static long first_waiting, last_waiting;
static Samples answer_us, session_us, late_us;
static char first_wrong[256];

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- one call ---- */

/* Whether `command` sets `variable` to exactly `value`. */
static bool sets(const char *command, const char *variable, const char *value)
{
    size_t name = strlen(variable), len = strlen(value);

    for (const char *at = command; (at = strstr(at, variable)); at += name) {
        if (at == command || !strchr(" \",", at[-1]) || at[name] != '=')
            continue;
        return strncmp(at + name + 1, value, len) == 0 && strchr("\",\n", at[name + 1 + len]);
    }
    return false;
}

/* Exactly one line, one MSet, and all of it right for this caller. */
static bool is_right(const Call *call)
{
    const char *line = call->command;
    const Caller *c = call->caller;

    return strncmp(line, "EXEC MSet ", 10) == 0 && strchr(line, '\n') == line + call->used - 1 &&
           sets(line, "IVR_ACTION", c->action) && sets(line, c->variable, c->name) &&
           sets(line, "IVR_OK", "1");
}

/* The lines of launch_netscript, then those of setup_env, in their order. */
static size_t environment(const Call *call, char *text, size_t size)
{
    char id[40];

    snprintf(id, sizeof id, "%ld.%ld", epoch, call->serial);
    return (size_t)snprintf(
        text, size,
        "agi_network: yes\nagi_network_script: %s\nagi_request: agi://127.0.0.1:%d/%s\n"
        "agi_channel: PJSIP/trunk-%08lx\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: %s\n"
        "agi_version: 22.10.1\nagi_callerid: %s\nagi_calleridname: unknown\nagi_callingpres: 0\n"
        "agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: %s\nagi_rdnis: unknown\n"
        "agi_context: ivr-route\nagi_extension: s\nagi_priority: 4\nagi_enhanced: 0.0\n"
        "agi_accountcode: \nagi_threadid: 139872012347072\nagi_arg_1: %s\nagi_arg_2: %s\n\n",
        opt.script, ntohs(opt.server.sin_port), opt.script, (unsigned long)call->serial, id,
        call->caller->number, opt.dnis, opt.dnis, id);
}

/* One write() a line, nothing waited for in between. A new socket always has room for these 700
 * bytes, so a short write is a failed call. */
static bool send_environment(const Call *call)
{
    char text[1024], *line = text, *end = text + environment(call, text, sizeof text);

    while (line < end) {
        char *next = opt.joined ? end : strchr(line, '\n') + 1;
        if (send(call->fd, line, (size_t)(next - line), MSG_NOSIGNAL) != next - line)
            return false;
        line = next;
    }
    return true;
}

static void finish(Call *call)
{
    close(call->fd);
    call->serial = -1;
    count.active--;
    call->next_free = free_calls;
    free_calls = call;
}

static void fail(Call *call, long *counter)
{
    (*counter)++;
    finish(call);
}

static void start_call(int64_t start)
{
    Call *call = free_calls;

    if (call)
        free_calls = call->next_free;
    else if (!(call = malloc(sizeof *call)))
        die("memory");
    call->caller = &callers[(size_t)(opt.skip + count.started) % caller_count];
    call->serial = count.started++;
    call->start = start;
    call->state = CONNECTING;
    call->right = false;
    call->used = 0;
    count.active++;
    call->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0) {
        fail(call, &count.failed);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = call};
    if ((connect(call->fd, (struct sockaddr *)&opt.server, sizeof opt.server) && errno != EINPROGRESS) ||
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, call->fd, &event)) {
        fail(call, &count.failed);
        return;
    }
    if (opt.patience > 0 && last_waiting - first_waiting < PATIENT) {
        waiting[last_waiting % PATIENT].call = call;
        waiting[last_waiting++ % PATIENT].serial = call->serial;
    }
}

/* Hangs up the calls that have waited for too long. */
static void give_up(int64_t now)
{
    for (; first_waiting < last_waiting; first_waiting++) {
        Call *call = waiting[first_waiting % PATIENT].call;
        if (call->serial != waiting[first_waiting % PATIENT].serial || call->state == ANSWERED)
            continue;
        if (call->start + (int64_t)(opt.patience * 1e9) > now)
            return;
        send(call->fd, "HANGUP\n", 7, MSG_NOSIGNAL);
        fail(call, &count.gave_up);
    }
}

/* The server's stream has ended, by FIN or (it closed before our result came) by RST. */
static void ended(Call *call)
{
    if (call->state != ANSWERED) {
        fail(call, strncasecmp(call->command, "failure", 7) ? &count.unanswered : &count.declined);
        return;
    }
    if (call->right)
        count.right++;
    else
        count.wrong++;
    send(call->fd, "HANGUP\n", 7, MSG_NOSIGNAL);
    sample(&session_us, now_ns() - call->start);
    finish(call);
}

static void answered(Call *call)
{
    sample(&answer_us, now_ns() - call->start);
    call->state = ANSWERED;
    call->right = is_right(call);
    if (!call->right && !first_wrong[0])
        snprintf(first_wrong, sizeof first_wrong, "%s wants %s:%s, got: %.160s", call->caller->number,
                 call->caller->action, call->caller->name, call->command);
    send(call->fd, "200 result=0\n", 13, MSG_NOSIGNAL); /* handle_exec: what MSet returned */
}

static void readable(Call *call)
{
    for (;;) {
        ssize_t n = recv(call->fd, call->command + call->used, COMMAND_SIZE - 1 - call->used, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            ended(call);
            return;
        }
        call->used += (size_t)n;
        call->command[call->used] = '\0';
        if (call->state == ANSWERED)
            call->right = false; /* a second command: never pipeline */
        else if (strchr(call->command, '\n') && strncasecmp(call->command, "failure", 7))
            answered(call);
    }
}

static void ready(Call *call, uint32_t events)
{
    if (call->state == CONNECTING && events & (EPOLLOUT | EPOLLERR)) {
        call->command[0] = '\0';
        call->state = WAITING;
        if (events & EPOLLERR || !send_environment(call)) {
            fail(call, &count.failed);
            return;
        }
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR))
        readable(call);
}

/* ---- the run ---- */

/* Starts what is due; returns the time of the next start, or 0 when there is none to wait for. */
static int64_t start_due(int64_t begin, int64_t end)
{
    int64_t now = now_ns();

    if (now >= end)
        starting = false;
    if (opt.rate == 0) {
        while (starting && count.active < opt.in_flight)
            start_call(now_ns());
        return starting ? end : 0;
    }
    for (int started = 0;; started++) {
        int64_t due = begin + (int64_t)((double)count.started * 1e9 / opt.rate);
        if (due >= end)
            starting = false;
        if (!starting || due > (now = now_ns()) || started == STARTS_A_ROUND)
            return starting ? due : 0;
        sample(&late_us, now - due);
        start_call(due);
    }
}

static double run(void)
{
    struct epoll_event events[EVENTS];
    int64_t begin = now_ns(), end = begin + (int64_t)(opt.seconds * 1e9);
    int64_t last = end + (int64_t)(opt.drain * 1e9);

    for (;;) {
        int64_t next = start_due(begin, end), now = now_ns();
        if ((!starting && count.active == 0) || now >= last)
            break;
        give_up(now);
        int64_t wait = (next ? next : last) - now;
        if (opt.patience > 0 && wait > 5000000)
            wait = 5000000;
        if (wait < 0)
            wait = 0;
        struct timespec timeout = {wait / 1000000000, wait % 1000000000};
        int n = epoll_pwait2(epoll_fd, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < n; i++)
            ready(events[i].data.ptr, events[i].events);
    }
    count.unclosed = (long)(answer_us.used - session_us.used);
    count.unanswered += count.active - count.unclosed;
    return (double)(now_ns() - begin) / 1e9;
}

static void usage(void)
{
    fprintf(stderr, "usage: agi_load --port P --callers FILE (--rate R | --in-flight N)\n"
                    "  [--host 127.0.0.1] [--seconds 5] [--drain 5] [--skip CALLERS] [--dnis 10010] [--script route] [--joined]\n"
                    "  [--patience S]\n");
    exit(2);
}

static void read_options(int argc, char **argv)
{
    static const struct option names[] = {
        {"host", 1, 0, 'h'},  {"port", 1, 0, 'p'},    {"callers", 1, 0, 'c'}, {"rate", 1, 0, 'r'},
        {"in-flight", 1, 0, 'n'}, {"seconds", 1, 0, 's'}, {"drain", 1, 0, 'd'},   {"skip", 1, 0, 'k'},
        {"dnis", 1, 0, 'i'},  {"script", 1, 0, 't'},  {"joined", 0, 0, 'j'}, {"patience", 1, 0, 'a'}, {0, 0, 0, 0}};
    const char *path = NULL;

    opt.server.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &opt.server.sin_addr);
    for (int o; (o = getopt_long(argc, argv, "", names, NULL)) != -1;)
        switch (o) {
        case 'h': if (inet_pton(AF_INET, optarg, &opt.server.sin_addr) != 1) usage(); break;
        case 'p': opt.server.sin_port = htons((uint16_t)atoi(optarg)); break;
        case 'c': path = optarg; break;
        case 'r': opt.rate = atof(optarg); break;
        case 'n': opt.in_flight = atol(optarg); break;
        case 's': opt.seconds = atof(optarg); break;
        case 'd': opt.drain = atof(optarg); break;
        case 'k': opt.skip = atol(optarg); break;
        case 'i': opt.dnis = optarg; break;
        case 't': opt.script = optarg; break;
        case 'j': opt.joined = true; break;
        case 'a': opt.patience = atof(optarg); break;
        default: usage();
        }
    if (!path || !opt.server.sin_port || (opt.rate > 0) == (opt.in_flight > 0))
        usage();
    read_callers(path);
}

int main(int argc, char **argv)
{
    struct rlimit files;

    read_options(argc, argv);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1L); /* the default, 50 us, is half the time between calls at 8000/s */
    epoch = (long)time(NULL);
    if ((epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die("epoll_create1");
    double seconds = run();
    long planned = opt.rate > 0 ? (long)(opt.rate * opt.seconds) : count.started;
    printf("{\"seconds\": %.3f, \"planned\": %ld, \"calls\": %ld, \"right\": %ld, \"wrong\": %ld, \"declined\": %ld, "
           "\"unanswered\": %ld, \"failed\": %ld, \"unclosed\": %ld, \"gave_up\": %ld, \"right_per_second\": %.1f",
           seconds, planned, count.started, count.right, count.wrong, count.declined, count.unanswered, count.failed,
           count.unclosed, count.gave_up, (double)count.right / seconds);
    print_samples("answer_us", &answer_us);
    print_samples("session_us", &session_us);
    print_samples("late_us", &late_us);
    print_text("first_wrong", first_wrong);
    printf("}\n");
    return count.started > 0 && count.right == count.started ? 0 : 1;
}
