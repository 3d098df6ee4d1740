/* SPDX-License-Identifier: BSD-2-Clause */
/* find.c - searches of a session; see find.h. */
#include "core/find.h"

#include <stdlib.h>
#include <string.h>

#include "model/template.h"

void find_end(struct session *s)
{
    free(s->found);
    s->found = NULL;
    s->n_found = s->next_found = 0;
    s->finding = false;
}

CK_RV find_init(struct session *s, const CK_ATTRIBUTE *v, CK_ULONG n)
{
    AUTO(attrs_freep) struct attrs *search = NULL;

    ENSURE(!s->finding, CKR_OPERATION_ACTIVE);
    TRY(template_search(v, n, &search));
    TRY(token_find(s->token, search, &s->found, &s->n_found));
    s->next_found = 0;
    s->finding = true;
    return CKR_OK;
}

CK_RV find_next(struct session *s, CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_n)
{
    size_t n;

    ENSURE(s->finding, CKR_OPERATION_NOT_INITIALIZED);
    n = s->n_found - s->next_found;
    if (n > max)
        n = max;
    if (n > 0)
        memcpy(ret, s->found + s->next_found, n * sizeof(*ret));
    s->next_found += n;
    *ret_n = n;
    return CKR_OK;
}

CK_RV find_final(struct session *s)
{
    ENSURE(s->finding, CKR_OPERATION_NOT_INITIALIZED);
    find_end(s);
    return CKR_OK;
}
