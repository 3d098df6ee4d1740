/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.c - `tee-pkcs11 doctor`: a list of checks, each with the way to mend what it finds.
 * Changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "crypto/mech_lists.h"
#include "root/root.h"
#include "util/policy.h"

static unsigned int n_bad;

static void bad(const char *what, const char *mend)
{
    n_bad++;
    output_mark(MARK_BAD, "%s", what);
    output_mark(MARK_INFO, "mend: %s", mend);
}

static void check_configuration(const struct conf *c)
{
    if (c->path == NULL)
        output_mark(MARK_WARN,
                    "no configuration file: defaults; write /etc/tee-pkcs11/tee-pkcs11.conf");
    else
        output_mark(MARK_OK, "configuration %s", c->path);
    if (c->root != CONF_ROOT_SOFTWARE && c->n_recovery == 0 && !c->hardware_only)
        bad("no way back is configured: a new store would be refused",
            "recovery-certificate = FILE (a certificate whose key you keep offline)");
    if (c->root != CONF_ROOT_SOFTWARE && c->measured == CONF_MEASURED_UNSAID)
        bad("what the launch measurement covers is not said: a new store would be refused",
            "measured = image (direct boot with kernel hashes) or measured = firmware");
    for (size_t i = 0; i < c->n_recovery; i++) {
        if (access(c->recovery[i], R_OK) != 0)
            bad(c->recovery[i], "the recovery certificate cannot be read: correct path or mode");
        else
            output_mark(MARK_OK, "recovery certificate %s", c->recovery[i]);
    }
}

/* What applications may do here that they could not do by default. */
static void check_policy(const struct conf *c)
{
    const char *unknown = mech_lists_apply(&c->mechanisms_allow, &c->mechanisms_deny);
    bool relaxed = false;

    for (size_t i = 0; i < POLICY_N_RULES; i++) {
        if (policy_rules[i].mode != POLICY_RELAXABLE || (c->policy & UINT32_C(1) << i) != 0)
            continue;
        output_mark(MARK_WARN, "policy: %s is relaxed: it is not so that %s", policy_rules[i].name,
                    policy_rules[i].says);
        relaxed = true;
    }
    if (!relaxed)
        output_mark(MARK_OK, "policy: no rule is relaxed");
    if (unknown != NULL)
        bad(unknown, "mechanisms-allow, mechanisms-deny: there is no such mechanism; "
                     "docs/mechanisms.md has the names");
}

static void check_device(const struct conf *c)
{
    struct stat st;

    if (c->root == CONF_ROOT_SOFTWARE) {
        output_mark(MARK_WARN,
                    "root = software: for development; keys are not protected by hardware");
        return;
    }
    if (stat(c->device, &st) != 0) {
        bad(c->device,
            errno == ENOENT
                ? "no SEV-SNP device: is this a SEV-SNP guest? `modprobe sev-guest`; for "
                  "development use root = software"
                : strerror(errno));
        return;
    }
    if (access(c->device, R_OK | W_OK) != 0)
        bad(c->device, "this user may not open the device: add it to the group of the udev rule "
                       "60-tee-pkcs11.rules, or use p11-kit server");
    else
        output_mark(MARK_OK, "device %s", c->device);
    if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0)
        bad("everybody may open the device: any process can derive this VM's keys",
            "install 60-tee-pkcs11.rules (mode 0660, own group)");
}

static void check_root(const struct conf *c)
{
    const struct root *r = NULL;

    if (root_select(c, &r) == CKR_OK)
        output_mark(MARK_OK, "root of trust: %s", r->name);
    else
        bad("the configured root of trust cannot be used", "see the line above");
}

static void check_directory(const struct conf *c)
{
    struct stat st;

    if (stat(c->store, &st) != 0) {
        output_mark(MARK_INFO, "store %s: not made yet", c->store);
        return;
    }
    if (!S_ISDIR(st.st_mode))
        bad(c->store, "the store must be a directory");
    else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        bad(c->store, "group or others may write the store: chmod 700");
    else if (access(c->store, R_OK | W_OK | X_OK) != 0)
        bad(c->store, "this user may not use the store: chown, or use p11-kit server");
    else
        output_mark(MARK_OK, "store directory %s", c->store);
}

static void check_store(const struct conf *c)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(buf_clear) struct buf why = BUF_INIT;
    CK_RV rv = store_open(c->store, false, c->map_size, &s);

    if (rv == CKR_TOKEN_NOT_PRESENT)
        return;
    if (rv == CKR_OK)
        rv = keyring_open(c, s, &k);
    if (rv == CKR_OK) {
        output_mark(MARK_OK, "the store opens (root %s)", keyring_root_name(k));
        return;
    }
    if (s != NULL && seals_explain(c, s, &why) == CKR_OK) {
        buf_u8(&why, 0);
        if (!why.failed)
            output_mark(MARK_INFO, "%s", (const char *)why.p);
    }
    bad("the store does not open",
        "`tee-pkcs11 recover --key FILE` with a recovery certificate's key; where it is damaged "
        "(`tee-pkcs11 verify-store`), `tee-pkcs11 restore` with a backup");
}

/* Integrity below the file system is what keeps a hostile disk out of LMDB's page code. */
static void check_disk(const struct conf *c)
{
    struct stat st;
    char path[128];

    if (stat(c->store, &st) != 0)
        return;
    (void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/uuid",
                   (unsigned int)(st.st_dev >> 8 & 0xfff), (unsigned int)(st.st_dev & 0xff));
    if (access(path, R_OK) == 0)
        output_mark(MARK_OK, "the store is on a device-mapper disk: make sure that dm-integrity or "
                             "dm-crypt with integrity is below it");
    else
        output_mark(MARK_WARN,
                    "no device-mapper disk below the store: a host that edits the file can "
                    "crash the process (not read or change keys); see docs/threat-model.md");
}

static void check_limits(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_MEMLOCK, &r) == 0 && r.rlim_cur < 1024 * 1024)
        output_mark(MARK_WARN,
                    "RLIMIT_MEMLOCK is %llu bytes: wrapping keys may reach swap; raise it "
                    "(LimitMEMLOCK= in a unit)",
                    (unsigned long long)r.rlim_cur);
    else
        output_mark(MARK_OK, "wrapping keys can be locked in memory");
}

int command_doctor(int argc, char **argv)
{
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    (void)argv;
    if (argc != 1)
        return cli_usage("doctor");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    check_configuration(c);
    check_policy(c);
    check_device(c);
    check_root(c);
    check_directory(c);
    check_store(c);
    check_disk(c);
    check_limits();
    return n_bad == 0 ? EXIT_DONE : EXIT_FAILED;
}
