/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lifecycle.c - populating, C_Initialize, logging in and opening a session, with many keys in the
 * token. OpenSSL has nothing like it: these have no ratio.
 */
#include <stdio.h>

#include "bench/fault.h"
#include "bench/grow.h"
#include "bench/job.h"
#include "bench/work.h"

static CK_RV populate_run(struct job *j, double seconds, double *ret)
{
    size_t added = 0;
    double spent = 0;

    (void)seconds;
    TRY(grow_to(j->side, j->count, &added, &spent));
    if (added == 0)
        return FAULT_NONE;
    *ret = (double)added / spent;
    return CKR_OK;
}

NODISCARD static CK_RV populated(struct job *j)
{
    size_t added = 0;
    double spent = 0;

    return grow_to(j->side, j->count, &added, &spent);
}

static void up_again(struct job *j)
{
    if (p11_up(&j->side->p11) != CKR_OK)
        fprintf(stderr, "p11bench: %s: the module does not come up again\n", j->instance->name);
}

static CK_RV initialize_start(struct job *j)
{
    TRY(populated(j));
    p11_down(&j->side->p11);
    return CKR_OK;
}

static CK_RV initialize_once(struct job *j)
{
    TRY(p11_initialize(&j->side->p11));
    return j->f->C_Finalize(NULL);
}

static CK_RV login_start(struct job *j)
{
    TRY(populated(j));
    return j->f->C_Logout(j->side->p11.session);
}

static CK_RV login_once(struct job *j)
{
    TRY(p11_login(&j->side->p11));
    return j->f->C_Logout(j->side->p11.session);
}

static void login_stop(struct job *j)
{
    p11_down(&j->side->p11);
    up_again(j);
}

static CK_RV session_once(struct job *j)
{
    CK_SESSION_HANDLE session = 0;

    TRY(p11_session(&j->side->p11, &session));
    return j->f->C_CloseSession(session);
}

const struct work work_p11_populate = {.run = populate_run};
const struct work work_p11_initialize = {
    .start = initialize_start, .once = initialize_once, .stop = up_again};
const struct work work_p11_login = {.start = login_start, .once = login_once, .stop = login_stop};
const struct work work_p11_session = {.start = populated, .once = session_once};
