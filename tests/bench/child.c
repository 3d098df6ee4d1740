/* SPDX-License-Identifier: BSD-2-Clause */
/* child.c - starting processes and hearing from them; see child.h. */
#include "bench/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/fault.h"

extern char **environ;

static const char *const roles[CHILD_N_ROLES] = {
    [CHILD_NULL] = "null",     [CHILD_COLD] = "cold",     [CHILD_SIGN] = "sign",
    [CHILD_MEMORY] = "memory", [CHILD_ROTATE] = "rotate", [CHILD_PIN] = "pin",
};

enum place {
    AT_SELF,
    AT_OPTION,
    AT_ROLE,
    AT_PATH,
    AT_TOKEN,
    AT_PIN,
    AT_KEY,
    AT_N,
    AT_SECONDS,
    AT_END,
};

#define NOTHING  "" /* stands for NULL */
#define WORD_MAX 4096

bool child_orders_read(int argc, char **argv, struct child_orders *ret)
{
    struct child_orders orders = {.role = CHILD_N_ROLES};

    if (argc != AT_END || strcmp(argv[AT_OPTION], CHILD_OPTION) != 0)
        return false;
    for (enum child_role role = 0; role < CHILD_N_ROLES; role++) {
        if (strcmp(argv[AT_ROLE], roles[role]) == 0)
            orders.role = role;
    }
    orders.path = argv[AT_PATH][0] != '\0' ? argv[AT_PATH] : NULL;
    orders.token = argv[AT_TOKEN];
    orders.pin = argv[AT_PIN];
    orders.key = argv[AT_KEY];
    orders.n = strtoul(argv[AT_N], NULL, 10);
    orders.seconds = strtod(argv[AT_SECONDS], NULL);
    *ret = orders;
    return orders.role != CHILD_N_ROLES;
}

struct pipes {
    int in[2];  /* the child reads in[0] */
    int out[2]; /* the child writes out[1] */
};

static void pipes_close(const struct pipes *p)
{
    for (size_t i = 0; i < 2; i++) {
        if (p->in[i] >= 0)
            close(p->in[i]);
        if (p->out[i] >= 0)
            close(p->out[i]);
    }
}

NODISCARD static CK_RV self_spawn(char **argv, const struct pipes *p, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    int error = 0;

    ENSURE(posix_spawn_file_actions_init(&actions) == 0, CKR_HOST_MEMORY);
    error = posix_spawn_file_actions_adddup2(&actions, p->in[0], STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, p->out[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn(ret, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    ENSURE(error == 0, FAULT_CHILD);
    return CKR_OK;
}

/* The child's ends are closed; ours become streams. */
NODISCARD static CK_RV child_open(struct pipes *p, pid_t pid, struct child *ret)
{
    ret->pid = pid;
    close(p->in[0]);
    close(p->out[1]);
    ret->to = fdopen(p->in[1], "w");
    ret->from = fdopen(p->out[0], "r");
    ENSURE(ret->to != NULL && ret->from != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* execve() takes pointers to bytes that may be written: the words are copied. */
struct words {
    char text[AT_END][WORD_MAX];
    char *argv[AT_END + 1];
};

static void word_set(struct words *w, enum place at, const char *text)
{
    snprintf(w->text[at], WORD_MAX, "%s", text != NULL ? text : NOTHING);
    w->argv[at] = w->text[at];
}

static void orders_write(const struct child_orders *orders, struct words *ret)
{
    ret->argv[AT_END] = NULL;
    word_set(ret, AT_SELF, "p11bench");
    word_set(ret, AT_OPTION, CHILD_OPTION);
    word_set(ret, AT_ROLE, roles[orders->role]);
    word_set(ret, AT_PATH, orders->path);
    word_set(ret, AT_TOKEN, orders->token);
    word_set(ret, AT_PIN, orders->pin);
    word_set(ret, AT_KEY, orders->key);
    word_set(ret, AT_N, NOTHING);
    word_set(ret, AT_SECONDS, NOTHING);
    snprintf(ret->text[AT_N], WORD_MAX, "%zu", orders->n);
    snprintf(ret->text[AT_SECONDS], WORD_MAX, "%f", orders->seconds);
}

struct child_orders child_orders_of(const struct side *s, enum child_role role)
{
    return (struct child_orders){
        .role = role,
        .path = s->path,
        .token = s->token,
        .pin = s->opts->pin,
        .key = side_is_raw(s) ? s->pem : NULL,
    };
}

CK_RV child_start(const struct child_orders *orders, struct child *ret)
{
    struct words words;
    struct pipes p = {{-1, -1}, {-1, -1}};
    pid_t pid = 0;
    CK_RV rv = CKR_GENERAL_ERROR;

    orders_write(orders, &words);
    if (pipe2(p.in, O_CLOEXEC) == 0 && pipe2(p.out, O_CLOEXEC) == 0)
        rv = self_spawn(words.argv, &p, &pid);
    if (rv != CKR_OK)
        pipes_close(&p);
    TRY(rv);
    return child_open(&p, pid, ret);
}

/* "! <code> <words>": only this program reads it. */
#define FAILURE '!'

void child_say_failure(CK_RV rv)
{
    printf("%c %lu %s\n", FAILURE, rv, fault_words());
    fflush(stdout);
}

NODISCARD static CK_RV failure_read(const char *line)
{
    char *words = NULL;
    const CK_RV rv = strtoul(line, &words, 10);

    if (rv == FAULT_WRONG)
        return fault_wrong("in a started process: %.*s", (int)strcspn(words, "\n"), words);
    return rv;
}

CK_RV child_read(struct child *c, char ret[CHILD_LINE])
{
    ENSURE(fgets(ret, CHILD_LINE, c->from) != NULL, FAULT_CHILD);
    if (ret[0] == FAILURE)
        return failure_read(ret + 1);
    return CKR_OK;
}

/* Nothing stands in the stream's buffer: each line so far was read whole. */
bool child_has_line(const struct child *c)
{
    struct pollfd wait = {.fd = fileno(c->from), .events = POLLIN};

    return poll(&wait, 1, 0) == 1;
}

CK_RV child_read_hex(struct child *c, uint8_t *ret, size_t *inout_n)
{
    char line[CHILD_LINE];
    size_t n = 0;

    TRY(child_read(c, line));
    while (n < *inout_n && sscanf(line + 2 * n, "%2hhx", &ret[n]) == 1)
        n++;
    ENSURE(n > 0, FAULT_CHILD);
    *inout_n = n;
    return CKR_OK;
}

CK_RV child_end(struct child *c)
{
    int status = 0;

    if (c->to != NULL)
        fclose(c->to);
    if (c->from != NULL)
        fclose(c->from);
    if (c->pid != 0)
        waitpid(c->pid, &status, 0);
    *c = (struct child){0};
    ENSURE(WIFEXITED(status) && WEXITSTATUS(status) == 0, FAULT_CHILD);
    return CKR_OK;
}
