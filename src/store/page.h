/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.h - the little that the store reads of LMDB's file itself: its two meta pages.
 *
 * LMDB (data format 1, all of 0.9) maps what the file says without asking whether it can be so. So
 * the meta pages are looked at before LMDB sees the file: page size, length, roots, kinds. The
 * number of the newest transaction is read from a mapping of our own: LMDB's moves when the map
 * grows.
 */
#ifndef TEE_STORE_PAGE_H
#define TEE_STORE_PAGE_H

#include "util/guard.h"

struct page_view;

/* Check the meta pages of an open data file against its length. CKR_DEVICE_ERROR, with a line in
 * the log that names the mend: not LMDB's, damaged, or cut short. */
NODISCARD CK_RV page_check(int fd, const char *file);
/* Map the meta pages of a checked file. */
NODISCARD CK_RV page_view_new(int fd, struct page_view **ret);
void page_view_free(struct page_view *v); /* NULL is allowed */
/* The number of the newest committed transaction: two reads of memory. */
uint64_t page_newest(const struct page_view *v);

#endif
