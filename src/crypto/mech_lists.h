/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mech_lists.h - the configuration's lists of mechanisms, turned into switches of the table's rows.
 */
#ifndef TEE_CRYPTO_MECH_LISTS_H
#define TEE_CRYPTO_MECH_LISTS_H

#include "crypto/mech.h"
#include "util/conf.h"

/*
 * Switch each row of the table for this process. `allow`, unless empty, names all mechanisms that
 * there are; the word "default" in it stands for those that are on when nobody says anything.
 * `deny` is taken off them. Returns NULL, or the first name that is not in the table, borrowed from
 * its list: then no switch was touched.
 */
const char *mech_lists_apply(const struct conf_names *allow, const struct conf_names *deny);

#endif
