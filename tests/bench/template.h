/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template.h - an attribute template that owns its values.
 *
 * The attributes point into the struct itself: it is built where it is used and never copied.
 */
#ifndef TEE_BENCH_TEMPLATE_H
#define TEE_BENCH_TEMPLATE_H

#include "util/span.h"

#define TEMPLATE_MAX       24   /* attributes */
#define TEMPLATE_MAX_BYTES 1024 /* of all values together */

struct template
{
    CK_ATTRIBUTE a[TEMPLATE_MAX];
    CK_ULONG n;
    size_t used;
    _Alignas(CK_ULONG) uint8_t pool[TEMPLATE_MAX_BYTES];
};

/* Start an empty template. */
void template_init(struct template *t);
/* Append an attribute; more than fits is a programming error (asserted). */
void template_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, struct span value);
void template_ulong(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void template_bool(struct template *t, CK_ATTRIBUTE_TYPE type, bool value);
/* CKA_LABEL, without the terminator. */
void template_label(struct template *t, const char *label);
/* CKA_TOKEN and CKA_PRIVATE as given, CKA_SENSITIVE true and CKA_EXTRACTABLE false: how every
 * private and secret key of the benchmark is made. */
void template_secrecy(struct template *t, bool token);

#endif
