/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vault_fixture.h - a real store under the software root in a scratch directory, with two tokens
 * whose users are logged in, for the tests of vault/. And what a hostile host does to its rows,
 * through LMDB's own calls, while nobody has the store open.
 */
#ifndef TEE_TESTS_VAULT_FIXTURE_H
#define TEE_TESTS_VAULT_FIXTURE_H

#include "vault/vault.h"

#define FIXTURE_SO_PIN SPAN_LIT("so-secret")
#define FIXTURE_USER_PIN SPAN_LIT("user-secret")

struct vault_fixture {
    char directory[64];
    char store_path[80];
    char key_path[80];
    struct conf conf;
    struct keyring *keyring;
    struct token_info token[2];
    struct login *user[2]; /* of token 0, 1 */
    struct login *so;      /* of token 0 */
    struct vault vault[2]; /* as the user of token 0, 1 */
    struct vault nobody;   /* token 0, not logged in */
    struct vault officer;  /* token 0, the SO */
};

/* cmocka setup and teardown: *state is a struct vault_fixture. */
int vault_fixture_setup(void **state);
/* The same with a token whose SO is not given private keys; with the smallest memory map. */
int vault_fixture_setup_no_reset(void **state);
int vault_fixture_setup_small_map(void **state);
int vault_fixture_teardown(void **state);

/* Close the store, as the end of the process would, and open it again. */
void vault_fixture_close(struct vault_fixture *f);
void vault_fixture_open(struct vault_fixture *f);
/* In a forked child: leave what was inherited alone, open the store as a new process does. */
void vault_fixture_after_fork(struct vault_fixture *f);

/* A complete object of its schema; label and id may be NULL (then empty). */
struct attrs *object_data(const char *label, const char *application, bool is_private);
struct attrs *object_aes(const char *label, const char *id, bool is_private);
struct attrs *object_ec(CK_OBJECT_CLASS class, const char *label, const char *id, bool is_private);
/* Free it after storing it. */
uint64_t object_store(const struct vault *v, struct attrs *object);
/* Search templates. */
struct attrs *search_text(CK_ATTRIBUTE_TYPE type, const char *value);
struct attrs *search_class(CK_OBJECT_CLASS class);
/* Ids found: the search is freed; an error fails the test. */
struct found search_run(const struct vault *v, struct attrs *search);

/* Rows of a table as LMDB has them, in key order. Only while the store is closed. */
struct raw_row {
    uint8_t key[160];
    size_t n_key;
    uint8_t *value;
    size_t n_value;
};
struct raw_rows {
    struct raw_row *v;
    size_t n;
};
struct raw_rows raw_read(const struct vault_fixture *f, const char *table);
void raw_free(struct raw_rows *rows);
/* Write a row's key with the value of `value`, or remove it when that is NULL. */
void raw_write(const struct vault_fixture *f, const char *table, const struct raw_row *key,
               const struct raw_row *value);

#endif
