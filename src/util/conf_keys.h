/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_keys.h - the keys of the configuration: a table with what each may be given. */
#ifndef TEE_UTIL_CONF_KEYS_H
#define TEE_UTIL_CONF_KEYS_H

#include "util/conf.h"
#include "util/conf_text.h"

/* Put what an entry says into the configuration, a struct conf; a conf_entry_fn. A key that is
 * given again replaces what it was given before, but for recovery-certificate, which adds. */
NODISCARD CK_RV conf_key_take(const struct conf_entry *e, struct conf_fault *fault, void *conf);

#endif
