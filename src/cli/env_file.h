/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env_file.h - .env files: one NAME=value a line, as Docker, systemd and the dotenv libraries read
 * them. They differ in details; what they do not agree about is said here, or refused.
 *
 *   # a comment; blank lines; "export " in front of a name
 *   NAME=bare text         to the end of the line or to a blank and #; blanks around it are left
 *                          out
 *   NAME='anything'        as it stands, newlines too
 *   NAME="anything"        newlines too; \n \r \t \\ \" \$ \` are one character each, any other
 *                          backslash stands for itself
 *
 * Nothing is expanded: $OTHER and ${OTHER} are text. Names are letters, digits, _, . and -, with a
 * letter or _ in front. Lines end with \n or \r\n. A byte order mark in front is left out. A NUL
 * byte, a quote that is not closed, text behind a closing quote, a # where a bare value begins, and
 * a line that is no assignment are errors.
 */
#ifndef TEE_CLI_ENV_FILE_H
#define TEE_CLI_ENV_FILE_H

#include "util/buf.h"

struct env_fault {
    size_t line;     /* from 1 */
    const char *why; /* a constant */
};

/* An assignment; the spans are good during the call. What is not CKR_OK ends it. */
typedef CK_RV env_fn(struct span name, struct span value, size_t line, void *arg);

/* Call `fn` for each assignment in its order. CKR_DATA_INVALID: a fault, told in *ret; fn may have
 * been called for what stands before it. */
NODISCARD CK_RV env_parse(struct span text, env_fn *fn, void *arg, struct env_fault *ret);

#endif
