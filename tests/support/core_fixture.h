/* SPDX-License-Identifier: BSD-2-Clause */
/* core_fixture.h - for tests of core/ from inside: the library, initialised on a store of its own
 * with one token, whose user has a PIN. */
#ifndef TEE_TEST_CORE_FIXTURE_H
#define TEE_TEST_CORE_FIXTURE_H

#include "util/span.h"

#define SO_PIN   SPAN_LIT("12345678")
#define USER_PIN SPAN_LIT("1234")

/* A scratch directory with a configuration: root, cheap PINs, and the lines `more`. The library is
 * initialised and the token made, in the slot that is returned; nobody is logged in, and no session
 * is open. */
CK_SLOT_ID core_start(const char *more);
/* The library is finalised, and all of it removed. 0, or what a group's teardown fails with. */
int core_end(void);

#endif
