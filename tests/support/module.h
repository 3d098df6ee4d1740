/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - the built module as an application sees it: through dlopen and C_GetInterface only.
 *
 * TEE_TEST_MODULE names it (meson sets it). A fixture makes a scratch directory with a
 * configuration of its own (root = software unless the test says otherwise) and removes it again.
 */
#ifndef TEE_TESTS_MODULE_H
#define TEE_TESTS_MODULE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tee-pkcs11.h"
#include "util/guard.h"

#define SO_PIN "12345678"
#define USER_PIN "1234"
#define TEST_LABEL "test token"

/* The function list, version 3.2; valid after module_load(). */
extern CK_FUNCTION_LIST_3_2 *p11;
/* The scratch directory; valid inside a fixture. */
extern char scratch[];

/* Both operands as CK_RV, printed in hexadecimal by name of the call. */
#define ASSERT_RV(expected, call) assert_rv_((expected), (call), #call, __FILE__, __LINE__)
#define ASSERT_OK(call) ASSERT_RV(CKR_OK, call)
void assert_rv_(CK_RV expected, CK_RV rv, const char *what, const char *file, int line);

/* One attribute of a template. */
#define ATTR(type, p, n) {(type), (void *)(uintptr_t)(p), (n)}
#define ATTR_OBJ(type, object) {(type), &(object), sizeof(object)}
#define ATTR_TEXT(type, literal) {(type), (void *)(uintptr_t)(literal), sizeof(literal) - 1}
#define ATTR_TRUE(type) {(type), (void *)(uintptr_t)&ck_true, sizeof(CK_BBOOL)}
#define ATTR_FALSE(type) {(type), (void *)(uintptr_t)&ck_false, sizeof(CK_BBOOL)}
extern const CK_BBOOL ck_true, ck_false;

/* dlopen and C_GetInterface. */
void module_load(void);
void module_unload(void);
/* A scratch directory and configuration (more lines may be given: NULL or text); the environment
 * names it. */
void scratch_make(const char *more_conf);
/* Another configuration for the same directory: for the next C_Initialize. */
void scratch_configure(const char *more_conf);
void scratch_remove(void);
/* Another process's view: run fn in a forked child, return its exit status. */
int in_child(int (*fn)(void *), void *arg);

/* cmocka group fixtures. */
int setup_module(void **state);      /* scratch, load, C_Initialize */
int setup_token(void **state);       /* and a token with both PINs in slot 0 */
int teardown_module(void **state);   /* C_Finalize, unload, remove */

/* A token in slot 0 with SO_PIN and USER_PIN. */
void token_make(void);
CK_SESSION_HANDLE open_session(void);      /* R/W, public */
CK_SESSION_HANDLE open_user(void);         /* R/W, user logged in */
CK_SESSION_HANDLE open_so(void);           /* R/W, SO logged in */
void close_all(void);                      /* every session of slot 0 (logs out) */

/* Keys as session objects unless `token`. */
void make_rsa(CK_SESSION_HANDLE h, CK_ULONG bits, CK_BBOOL token, const char *label,
              CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private);
void make_ec(CK_SESSION_HANDLE h, CK_BBOOL token, const char *label, CK_OBJECT_HANDLE *ret_public,
             CK_OBJECT_HANDLE *ret_private);
void make_ed25519(CK_SESSION_HANDLE h, CK_BBOOL token, const char *label,
                  CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private);
CK_OBJECT_HANDLE make_aes(CK_SESSION_HANDLE h, CK_ULONG bytes, CK_BBOOL token, const char *label);
CK_OBJECT_HANDLE make_data(CK_SESSION_HANDLE h, CK_BBOOL token, CK_BBOOL is_private,
                           const char *label, const void *value, CK_ULONG n);
/* How many objects match; the first one in *ret (may be NULL). */
CK_ULONG find_objects(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret);
CK_ULONG find_label(CK_SESSION_HANDLE h, const char *label, CK_OBJECT_HANDLE *ret);

/* P-256 as CKA_EC_PARAMS. */
extern const uint8_t p256_params[10];
extern const uint8_t ed25519_params[5];

#endif
