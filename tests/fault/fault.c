/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - trampolines and the dice; see fault.h. x86-64 only, as SEV-SNP is. */
#include "fault/fault.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default"), used))

EXPORT fault_arm_fn tee_fault_arm;
EXPORT fault_disarm_fn tee_fault_disarm;
EXPORT fault_watch_by_fn tee_fault_watch_by;
int fault_hits(unsigned kind, const char *name, const void *caller);
int __wrap_mdb_txn_commit(MDB_txn *t);
int __real_mdb_txn_commit(MDB_txn *t);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until);
int __real_pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until);

static fault_watch_fn *_Atomic watcher;

/* What follows is for programs of one thread only. */
static uint64_t state;
static unsigned long countdown; /* to the only call that fails */
static unsigned rate, armed_kinds, n_hits;
static const char *last;

void tee_fault_arm(unsigned long seed, unsigned one_in, unsigned kinds)
{
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    rate = one_in;
    countdown = seed;
    n_hits = 0;
    last = NULL;
    armed_kinds = kinds;
}

unsigned tee_fault_disarm(const char **ret_last)
{
    armed_kinds = 0;
    *ret_last = last;
    return n_hits;
}

static uint64_t dice(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int is_next(void)
{
    if (rate > 0)
        return dice() % rate == 0;
    return countdown > 0 && --countdown == 0;
}

void tee_fault_watch_by(fault_watch_fn *watch)
{
    atomic_store(&watcher, watch);
}

static void tell(const char *name, const void *caller)
{
    fault_watch_fn *watch = atomic_load(&watcher);
    const int saved = errno;

    if (watch != NULL)
        watch(name, caller);
    errno = saved;
}

/* Called by the trampolines: does this call fail? Then errno is set. */
__attribute__((used, visibility("hidden"))) int fault_hits(unsigned kind, const char *name,
                                                           const void *caller)
{
    tell(name, caller);
    if ((armed_kinds & kind) == 0 || !is_next())
        return 0;
    n_hits++;
    last = name;
    errno = kind == FAULT_MEMORY ? ENOMEM : EIO;
    return 1;
}

/* A commit that fails has ended its transaction all the same (lmdb.h). */
int __wrap_mdb_txn_commit(MDB_txn *t)
{
    if (!fault_hits(FAULT_LMDB, "mdb_txn_commit", __builtin_return_address(0)))
        return __real_mdb_txn_commit(t);
    mdb_txn_abort(t);
    return EIO;
}

/* Told when it is held. */
int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    int rc = pthread_mutex_trylock(m);

    if (rc != 0) {
        tell("waits", NULL);
        rc = __real_pthread_mutex_lock(m);
    }
    tell("pthread_mutex_lock", __builtin_return_address(0));
    return rc;
}

int __wrap_pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
    return atomic_load(&watcher) != NULL ? ETIMEDOUT : __real_pthread_rwlock_timedwrlock(l, until);
}

/*
 * One trampoline per site, whatever its parameters are: keeps the argument registers (and al, for
 * variable arguments), asks with the address that it was called from, and goes on to the real
 * function or answers `value`.
 */
#define TEXT_(x)           #x
#define TEXT(x)            TEXT_(x)
#define KIND_FAULT_MEMORY  1
#define KIND_FAULT_SYSTEM  2
#define KIND_FAULT_LMDB    4
#define KIND_FAULT_OPENSSL 8
#define KIND_FAULT_NEVER   16
#define SITE(name, kind, value)                                                                    \
    __asm__(".pushsection .rodata\n"                                                               \
            "fault_name_" #name ": .asciz \"" #name "\"\n"                                         \
            ".popsection\n"                                                                        \
            ".globl __wrap_" #name "\n"                                                            \
            ".hidden __wrap_" #name "\n"                                                           \
            ".type __wrap_" #name ", @function\n"                                                  \
            "__wrap_" #name ":\n"                                                                  \
            "endbr64\n"                                                                            \
            "push %rdi\n push %rsi\n push %rdx\n push %rcx\n push %r8\n push %r9\n push %rax\n"    \
            "mov $" TEXT(KIND_##kind) ", %edi\n"                                                   \
                                      "lea fault_name_" #name "(%rip), %rsi\n"                     \
                                      "mov 56(%rsp), %rdx\n"                                       \
                                      "call fault_hits\n"                                          \
                                      "test %eax, %eax\n"                                          \
                                      "pop %rax\n pop %r9\n pop %r8\n pop %rcx\n pop %rdx\n pop "  \
                                      "%rsi\n pop %rdi\n"                                          \
                                      "jne 1f\n"                                                   \
                                      "jmp *__real_" #name "@GOTPCREL(%rip)\n"                     \
                                      "1: mov $" #value ", %rax\n"                                 \
                                      "ret\n"                                                      \
                                      ".size __wrap_" #name ", . - __wrap_" #name "\n");
#include "fault/sites.h"
