/* SPDX-License-Identifier: BSD-2-Clause */
/* arguments.h - how the C_* functions hand the application's (pointer, length) pairs on. */
#ifndef TEE_API_ARGUMENTS_H
#define TEE_API_ARGUMENTS_H

#include "core/session.h"
#include "util/span.h"

/* The pair can be used: a pointer, or no bytes. */
#define GIVEN(p, n) ((p) != NULL || (n) == 0)
#define IN(p, n)    span_of((p), (n))
#define ARG(p, n)   ((struct message_arg){(p), (n)})
#define OUT(p, n)   (&(struct out){.data = (p), .len = (n)})

#endif
