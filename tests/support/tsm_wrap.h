/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsm_wrap.h - configfs-tsm in a plain directory: what the kernel makes of mkdir() there, of writes
 * to inblob and privlevel, and of reading outblob, by the emulator of snp_wrap.h.
 *
 * Link with -Wl,--wrap=mkdir,--wrap=rmdir,--wrap=openat,--wrap=openat64 and snp_wrap.c.
 */
#ifndef TEE_TESTS_TSM_WRAP_H
#define TEE_TESTS_TSM_WRAP_H

#include <stdbool.h>

/* Entries below this directory are the kernel's; NULL: none. The text is borrowed. */
void tsm_wrap_start(const char *directory);
/* The provider that entries name ("sev_guest"), an errno for outblob (0: none), and whether
 * somebody else writes to an entry before outblob is read. */
void tsm_wrap_say(const char *provider, int outblob_error, bool raced);
/* Entries that exist now. */
int tsm_wrap_entries(void);
/* The lowest number of a descriptor by which an attribute of an entry was opened. */
int tsm_wrap_lowest(void);

#endif
