/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child.h - processes that are started from nothing: this program executed again in a role.
 *
 * A child talks in lines: it reads its standard input and writes its standard output. When it fails
 * it says why in a line of its own and by its exit status.
 */
#ifndef TEE_BENCH_CHILD_H
#define TEE_BENCH_CHILD_H

#include <stdio.h>
#include <sys/types.h>

#include "bench/side.h"

#define CHILD_OPTION "--child" /* as argv[1]: the rest is struct child_orders */
#define CHILD_LINE   2200      /* bytes of the longest line and its terminator */

enum child_role { CHILD_NULL, CHILD_COLD, CHILD_SIGN, CHILD_MEMORY, CHILD_ROTATE, CHILD_PIN, CHILD_N_ROLES };

struct child_orders {
    enum child_role role;
    const char *path;  /* the module; NULL: raw OpenSSL */
    const char *token; /* label of its token */
    const char *pin;
    const char *key; /* label of the private key; for raw a PEM file */
    size_t n;        /* private keys in the token */
    double seconds;  /* when a long role may stop */
};

struct child {
    pid_t pid;
    FILE *to;
    FILE *from;
};

/* Orders for the side in that role; for raw with its PEM file as the key. The strings are borrowed
 * from the side. */
struct child_orders child_orders_of(const struct side *s, enum child_role role);
/* Execute this program with the orders. */
NODISCARD CK_RV child_start(const struct child_orders *orders, struct child *ret);
/* Read a line. Where the child says that it failed: its own code, with its words kept if a result
 * was wrong. FAULT_CHILD when there is none. */
NODISCARD CK_RV child_read(struct child *c, char ret[CHILD_LINE]);
/* Has it said something, or ended? */
NODISCARD bool child_has_line(const struct child *c);
/* Read a line of hexadecimal, at most *inout_n bytes of it. */
NODISCARD CK_RV child_read_hex(struct child *c, uint8_t *ret, size_t *inout_n);
/* In the child: say why it failed. */
void child_say_failure(CK_RV rv);
/* Close the pipes and wait. FAULT_CHILD unless its exit status was 0. Nothing for pid 0. */
NODISCARD CK_RV child_end(struct child *c);

/* argv of a child back to its orders; false when it is none of ours. */
NODISCARD bool child_orders_read(int argc, char **argv, struct child_orders *ret);

#endif
