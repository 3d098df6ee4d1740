/* SPDX-License-Identifier: BSD-2-Clause */
/* guard.c - error traces; see guard.h. Silent unless TEE_PKCS11_DEBUG names `error`. */
#include "util/guard.h"

#include "util/log.h"

/* Normal answers of the interface that happen all the time say nothing by themselves. */
static bool is_routine(CK_RV rv)
{
    return rv == CKR_BUFFER_TOO_SMALL || rv == CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV rv_origin(CK_RV rv, const char *what, const char *file, int line)
{
    if (!is_routine(rv))
        log_debug(LOG_ERROR_TRACE, "0x%lx %s %s:%d", rv, what, file, line);
    return rv;
}

CK_RV rv_trace(CK_RV rv, const char *what, const char *file, int line)
{
    if (!is_routine(rv))
        log_debug(LOG_ERROR_TRACE, "  via 0x%lx %s %s:%d", rv, what, file, line);
    return rv;
}
