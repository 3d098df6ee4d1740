/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf_text.h - a configuration's text: lines of `key = value` (inih), values in quotes, lists of
 * them in braces. What the keys are is conf_keys.h's part.
 */
#ifndef TEE_UTIL_CONF_TEXT_H
#define TEE_UTIL_CONF_TEXT_H

#include "util/guard.h"

/* One key with what it is given. A list without braces has one value, a list may have none. */
struct conf_entry {
    unsigned line; /* where it begins, from 1 */
    char *name;
    char **values;
    size_t n;
};

/* The first thing that is wrong with a file. */
struct conf_fault {
    unsigned line; /* 0: there is none */
    char *text;    /* malloc'd; NULL: none, or there was no memory for it */
};
void conf_fault_set(struct conf_fault *f, unsigned line, const char *fmt, ...) PRINTF_LIKE(3, 4);
void conf_fault_clear(struct conf_fault *f);

/* Takes one entry, which is the caller's; whatever is not CKR_OK ends the reading. */
typedef CK_RV conf_entry_fn(const struct conf_entry *e, struct conf_fault *fault, void *arg);

/*
 * Give `take` each entry of the text, in order. CKR_ARGUMENTS_BAD: the text is none of these lines,
 * and *fault says where and why; CKR_HOST_MEMORY; or what `take` returned. No state outlives the
 * call: any number of threads, and of copies of the module, may be in it.
 */
NODISCARD CK_RV conf_text_read(const char *text, conf_entry_fn *take, void *arg,
                               struct conf_fault *fault);

#endif
