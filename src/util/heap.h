/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - is there one allocator, or two?
 *
 * A program may bring an allocator of its own (jemalloc), and load modules by dlopen with
 * RTLD_DEEPBIND: then a module and the libraries under it call libc's free(), while strdup() and
 * others inside libc still take memory from the program's malloc(). Whoever frees such a string
 * aborts; the libraries do. haproxy of Debian 13 with pkcs11-provider is such a program.
 */
#ifndef TEE_UTIL_HEAP_H
#define TEE_UTIL_HEAP_H

#include <stdbool.h>

/* Whether this module's free() is the one that belongs to the program's malloc(). */
bool heap_is_one(void);

#endif
