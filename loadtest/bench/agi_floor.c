/* The floor: the least that the job of the router costs, as a yardstick for `make bench`.
 *
 * One thread, epoll and hiredis. A call: read until the blank line, ask Redis once (HMGET of the
 * caller's attributes and LRANGE of the caller's contacts, pipelined on one connection together
 * with the other calls in flight), decide, write one MSet of as many variables as the router
 * writes, half-close, close when Asterisk has closed. What it leaves out is what the router adds:
 * checks, deadlines, policies as data, journal, metrics, pseudonyms (keys here are plain numbers).
 *
 *   agi_floor PORT REDIS_PORT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ENVIRONMENT_SIZE 4096
#define MAX_IN_FLIGHT 65536 /* a power of two */
#define REPEAT_WINDOW (72 * 3600)

typedef struct {
    int fd;
    enum { READING, ASKED, ANSWERED } state;
    size_t used;
    char text[ENVIRONMENT_SIZE];
} Call;

static redisContext *store;
static Call *asked[MAX_IN_FLIGHT]; /* waiting for Redis, in the order of the questions */
static unsigned first, next;
static bool unsent;
static redisReply *attributes; /* the first of a call's two replies */

static void die(const char *what)
{
    fprintf(stderr, "agi_floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void end(Call *call)
{
    close(call->fd);
    free(call);
}

/* ---- the question ---- */

static void ask(Call *call)
{
    char *number = strstr(call->text, "\nagi_callerid: ");
    if (!number) {
        end(call);
        return;
    }
    number += strlen("\nagi_callerid: ");
    *strchr(number, '\n') = '\0';
    redisAppendCommand(store, "HMGET floor:customer:%s age occupation star key_customer", number);
    redisAppendCommand(store, "LRANGE floor:contacts:%s 0 63", number);
    asked[next++ % MAX_IN_FLIGHT] = call;
    call->state = ASKED;
    unsent = true;
}

static void call_readable(Call *call)
{
    ssize_t n = recv(call->fd, call->text + call->used, ENVIRONMENT_SIZE - 1 - call->used, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (call->state == ASKED) /* nothing is due now; a hangup is seen again after the answer */
        return;
    if (n <= 0) {
        end(call);
        return;
    }
    if (call->state == ANSWERED) { /* the result, then HANGUP */
        call->used = 0;
        return;
    }
    call->used += (size_t)n;
    call->text[call->used] = '\0';
    if (call->used > 1 && memcmp(call->text + call->used - 2, "\n\n", 2) == 0)
        ask(call);
}

/* ---- the decision ---- */

static long integer(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? atol(reply->str) : 0;
}

static bool is(const redisReply *reply, const char *text)
{
    return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

/* A contact is `TIME:answered` or `TIME:abandoned`, TIME in seconds since 1970. */
static bool is_repeat(const redisReply *contacts)
{
    time_t since = time(NULL) - REPEAT_WINDOW;
    int answered = 0;

    for (size_t i = 0; i < contacts->elements; i++) {
        const char *contact = contacts->element[i]->str;
        if (atol(contact) >= since && strstr(contact, ":answered"))
            answered++;
    }
    return answered >= 2;
}

static const char *decide(redisReply **customer, const redisReply *contacts)
{
#define QUEUE(queue, priority, rule, segment)                                                       \
    "EXEC MSet \"IVR_ACTION=queue,IVR_QUEUE=" queue ",IVR_PRIORITY=" priority ",QUEUE_PRIO=" priority \
    ",IVR_OVERFLOW=45:general:40,IVR_HOTLINE=10010,IVR_RULE=" rule ",IVR_SEGMENT=" segment            \
    ",IVR_POLICY=0123456789ab,IVR_OK=1\"\n"
    if (is_repeat(contacts))
        return QUEUE("expert", "30", "repeat-to-expert", "repeat");
    if (integer(customer[2]) >= 5 || is(customer[3], "true"))
        return QUEUE("vip", "20", "vip-direct", "vip");
    if (integer(customer[0]) >= 65)
        return QUEUE("elder-care", "20", "senior-direct", "senior");
    if (is(customer[1], "truck_driver"))
        return QUEUE("truck", "10", "truck-direct", "truck_driver");
    return "EXEC MSet \"IVR_ACTION=menu,IVR_MENU=main,IVR_HOTLINE=10010,IVR_RULE=everyone-else,"
           "IVR_SEGMENT=,IVR_POLICY=0123456789ab,IVR_OK=1\"\n";
}

static void answer(const redisReply *contacts)
{
    Call *call = asked[first++ % MAX_IN_FLIGHT];

    if (attributes->type != REDIS_REPLY_ARRAY || contacts->type != REDIS_REPLY_ARRAY)
        die("the store refused");
    const char *command = decide(attributes->element, contacts);
    send(call->fd, command, strlen(command), MSG_NOSIGNAL);
    shutdown(call->fd, SHUT_WR);
    call->state = ANSWERED;
}

static void store_readable(void)
{
    void *reply;

    if (redisBufferRead(store) != REDIS_OK)
        die(store->errstr);
    while (redisReaderGetReply(store->reader, &reply) == REDIS_OK && reply) {
        if (!attributes) {
            attributes = reply;
            continue;
        }
        answer(reply);
        freeReplyObject(attributes);
        freeReplyObject(reply);
        attributes = NULL;
    }
}

/* ---- the sockets ---- */

static int listening(int port)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((unsigned short)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, 1024))
        die("listen");
    return fd;
}

static void watch(int epoll, int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        die("epoll_ctl");
}

static void accept_calls(int epoll, int port)
{
    for (int fd; (fd = accept4(port, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        Call *call = malloc(sizeof *call);
        call->fd = fd;
        call->state = READING;
        call->used = 0;
        watch(epoll, fd, call);
    }
}

int main(int argc, char **argv)
{
    static char agi_port, redis_link; /* their addresses tell the two apart from calls */
    struct epoll_event events[256];
    int done, epoll = epoll_create1(0);

    if (argc != 3)
        die("usage: agi_floor PORT REDIS_PORT");
    int port = listening(atoi(argv[1]));
    store = redisConnectNonBlock("127.0.0.1", atoi(argv[2]));
    if (!store || store->err)
        die("the store");
    watch(epoll, port, &agi_port);
    watch(epoll, store->fd, &redis_link);
    for (;;) {
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr == &agi_port)
                accept_calls(epoll, port);
            else if (events[i].data.ptr == &redis_link)
                store_readable();
            else
                call_readable(events[i].data.ptr);
        if (unsent && redisBufferWrite(store, &done) == REDIS_OK && done)
            unsent = false;
    }
}
