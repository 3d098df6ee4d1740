/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict_impl.h - what the process that looks at a store (verdict_child.c) and the one that asked
 * (verdict.c) have between them: a place in shared memory, a task, and messages.
 *
 * The child reads what a hostile disk may have written, so its messages, and what it left in the
 * place, are checked like any input.
 * A message: u32 length of what follows, u8 kind, and
 *   fault   u8 table, var key, var text
 *   opened  u8 enum verdict_depth, struct store_info
 *   seal    16 id, u8 kind, u8 authentic, u8 opens
 *   done    u8 whether the restoration was logged
 */
#ifndef TEE_CLI_VERDICT_IMPL_H
#define TEE_CLI_VERDICT_IMPL_H

#include <stdatomic.h>

#include "cli/verdict.h"

enum verdict_message { MESSAGE_FAULT = 1, MESSAGE_OPENED, MESSAGE_SEAL, MESSAGE_DONE };
#define MESSAGE_MAX 4096

enum verdict_phase { PHASE_OPEN, PHASE_TREE, PHASE_ROWS, PHASE_REST };

/* Where the child is. Written by the child alone; read by the parent when the child is gone, except
 * what is atomic. */
struct verdict_place {
    _Atomic uint64_t beat;
    _Atomic unsigned patience;
    enum verdict_phase phase;
    unsigned table;
    size_t n_key;
    uint8_t key[STORE_KEY_MAX];
    struct survey_counts counts;
    uint64_t total; /* rows that there are */
    uint64_t n_public, n_private, n_audit;
};

/* A node of the tree that ended a child. */
struct verdict_poison {
    uint8_t key[STORE_KEY_MAX];
    size_t n_key;
};
#define POISON_MAX 64

struct verdict_task {
    const struct verdict_of *of;
    struct verdict_place *place;
    bool no_keyring;          /* opening it ended a child */
    enum verdict_phase phase; /* where to go on */
    unsigned table;
    uint8_t from[STORE_KEY_MAX];
    size_t n_from;
    unsigned n_steps; /* from one row to the next, before it leaps further */
    struct verdict_poison poison[POISON_MAX];
    size_t n_poison;
};

/* In the child: look, and tell on `to`. Returns an exit code: not EXIT_DONE when there was nothing
 * to look at, and the reason was printed. */
int verdict_look(const struct verdict_task *task, int to);

#endif
