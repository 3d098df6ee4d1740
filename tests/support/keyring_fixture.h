/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyring_fixture.h - a scratch directory with a configuration for the tests of keyring/, and the
 * hands of a host on what is stored there.
 *
 * Link with -Wl,--wrap=time: the clock of the keyring is shifted by fixture_time_shift seconds.
 */
#ifndef TEE_TESTS_KEYRING_FIXTURE_H
#define TEE_TESTS_KEYRING_FIXTURE_H

#include <time.h>

#include "keyring/keyring.h"

#define KEEP_SECONDS (UINT64_C(30) * 24 * 60 * 60) /* of a superseded seal, as f->conf has it */

#define SO_PIN    SPAN_LIT("so pin 1234")
#define USER_PIN  SPAN_LIT("user pin 5678")
#define NEW_PIN   SPAN_LIT("another pin")
#define WRONG_PIN SPAN_LIT("not the pin")

struct keyring_fixture {
    char directory[64];
    char store[96];
    char key[96];
    char certificate[CONF_MAX_RECOVERY][96]; /* room for conf.recovery */
    struct conf conf;                        /* software root, scrypt at its cheapest */
    struct keyring *k;
};

extern int64_t fixture_time_shift;
/* Run, once, when the clock is asked next: what another process does just then. */
typedef void fixture_hook(void *arg);
extern _Atomic(fixture_hook *) fixture_time_hook;
extern void *fixture_time_hook_arg;
time_t __wrap_time(time_t *ret);
time_t __real_time(time_t *ret);

/* cmocka: *state is a struct keyring_fixture with an empty directory. */
int fixture_setup(void **state);
/* The same with a store, opened in f->k. */
int fixture_setup_store(void **state);
/* The same with one token, without a user PIN. */
int fixture_setup_token(void **state);
int fixture_teardown(void **state);

/* Open the store of f->conf, as another process would. */
NODISCARD CK_RV fixture_open(struct keyring_fixture *f, struct keyring **ret);
/* Close f->k and open it again; asserts. */
void fixture_reopen(struct keyring_fixture *f);
void fixture_close(struct keyring_fixture *f);
/* A token in the next slot, asserts. */
struct token_info fixture_token(struct keyring_fixture *f, const char *label);
/* An SO login, a user login; asserts. */
struct login *fixture_so(struct keyring_fixture *f, const struct token_info *t);
struct login *fixture_user(struct keyring_fixture *f, const struct token_info *t);
/* C_InitPIN with USER_PIN; asserts. */
void fixture_user_pin(struct keyring_fixture *f, const struct token_info *t);
/* The only token of the store. */
struct token_info fixture_only_token(struct keyring_fixture *f);
/* Give a scope so many DEK generations, up to GENERATIONS_MAX; asserts. */
void fixture_generations(struct keyring_fixture *f, const struct token_info *t, enum scope scope,
                         size_t n);

/* A certificate with its key made by the openssl command: "rsa" or "ec"; the key's path, which
 * belongs to the fixture's directory, goes to ret_key. Added to f->conf. Asserts. */
void fixture_certificate(struct keyring_fixture *f, const char *kind, char ret_key[128]);
/* At the end of a program that made certificates: remove what it kept for its next test. */
void fixture_certificates_forget(void);
/* recover_open() with the private key in a file. */
NODISCARD CK_RV fixture_recover(struct keyring_fixture *f, const char *key_path);
/* A file of at most 64 KiB; asserts. */
void fixture_file(const char *path, struct buf *ret);
/* Run a shell command; asserts that it succeeds. */
void fixture_run(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* A new process that runs fn and exits with what it returns; asserts on anything but its exit. */
int fixture_child(int (*fn)(struct keyring_fixture *f), struct keyring_fixture *f);

/* -- a host's hands: through LMDB's own calls, in a process of their own ------------------------
 */

void raw_put(const struct keyring_fixture *f, const char *table, struct span key,
             struct span value);
void raw_del(const struct keyring_fixture *f, const char *table, struct span key);
/* One row, or the first of a table when the key is empty. Unverified; asserts that it is there. */
void raw_get(const struct keyring_fixture *f, enum store_table table, struct span key,
             struct buf *ret_key, struct buf *ret);
bool raw_has(const struct keyring_fixture *f, enum store_table table, struct span key);

#endif
