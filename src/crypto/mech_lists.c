/* SPDX-License-Identifier: BSD-2-Clause */
/* mech_lists.c - lists of mechanisms become switches; see mech_lists.h. */
#include "crypto/mech_lists.h"

#include <string.h>

#define THE_DEFAULT "default"

static bool is_named(const struct conf_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->v[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_in_table(const char *name)
{
    for (size_t i = 0; i < n_mechs; i++) {
        if (strcmp(mechs[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The first name that means nothing. */
static const char *find_unknown(const struct conf_names *names, const char *also_known)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!is_in_table(names->v[i]) && strcmp(names->v[i], also_known) != 0)
            return names->v[i];
    }
    return NULL;
}

static enum mech_switch switch_of(const struct mech *row, const struct conf_names *allow,
                                  const struct conf_names *deny)
{
    if (is_named(deny, row->name))
        return MECH_OFF;
    if (is_named(allow, row->name))
        return MECH_ON;
    return allow->n == 0 || is_named(allow, THE_DEFAULT) ? MECH_AS_TABLE : MECH_OFF;
}

const char *mech_lists_apply(const struct conf_names *allow, const struct conf_names *deny)
{
    const char *unknown = find_unknown(allow, THE_DEFAULT);

    if (unknown == NULL)
        unknown = find_unknown(deny, "");
    if (unknown != NULL)
        return unknown;
    for (size_t i = 0; i < n_mechs; i++)
        mech_set_switch(&mechs[i], switch_of(&mechs[i], allow, deny));
    return NULL;
}
