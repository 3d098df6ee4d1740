/* SPDX-License-Identifier: BSD-2-Clause */
/* audit_totals.c - one walk over the audit log; see audit_totals.h. */
#include "cli/audit_totals.h"

static CK_RV add(const struct audit_entry *e, void *arg)
{
    struct audit_totals *t = arg;

    t->events[(size_t)e->event < AUDIT_N_EVENTS ? e->event : 0]++;
    t->n++;
    if (e->event == AUDIT_MASTER_ROTATED)
        t->master_since = e->time;
    if (e->event == AUDIT_BACKUP_TAKEN)
        t->backup_at = e->time;
    return CKR_OK;
}

CK_RV audit_totals_read(struct keyring *k, uint64_t created, struct audit_totals *ret)
{
    struct audit_totals t = {.master_since = created};

    TRY(audit_walk(k, add, &t, NULL, NULL));
    *ret = t;
    return CKR_OK;
}
