/* SPDX-License-Identifier: BSD-2-Clause */
/* core_fixture.c - see core_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/lib.h"
#include "core/session.h"
#include "core/slot.h"
#include "core/token.h"
#include "support/core_fixture.h"

static char directory[] = "/tmp/tee-core-XXXXXX";

static void conf_write(const char *more)
{
    char path[64];
    FILE *f;

    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/conf", directory);
    f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "store = %s/store\nroot = software\npin-log2-n = 10\n%s", directory, more);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("TEE_PKCS11_CONF", path, 1), 0);
}

static void user_pin_set(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE opened = CK_INVALID_HANDLE;
    struct session *s = NULL;

    assert_int_equal(session_open(slot, true, &opened), CKR_OK);
    assert_int_equal(session_enter(opened, &s), CKR_OK);
    assert_int_equal(token_log_in(s->token, ROLE_SO, SO_PIN), CKR_OK);
    assert_int_equal(token_set_user_pin(s->token, USER_PIN), CKR_OK);
    session_leave(s);
    assert_int_equal(session_close(opened), CKR_OK); /* the last one: logs out */
}

CK_SLOT_ID core_start(const char *more)
{
    CK_SLOT_ID *slots = NULL;
    CK_SLOT_ID slot;
    uint8_t label[32];
    size_t n = 0;

    conf_write(more);
    assert_int_equal(lib_initialize(), CKR_OK);
    memset(label, ' ', sizeof(label));
    assert_int_equal(slot_list(false, &slots, &n), CKR_OK);
    assert_true(n > 0);
    slot = slots[0];
    free(slots);
    assert_int_equal(slot_init_token(slot, SO_PIN, label), CKR_OK);
    user_pin_set(slot);
    return slot;
}

int core_end(void)
{
    char command[64];

    assert_int_equal(lib_finalize(), CKR_OK);
    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command);
}
