/* SPDX-License-Identifier: BSD-2-Clause */
/* test-conf.c - the configuration file: what its lines may be, what each key may be given, and what
 * is said of what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/conf.h"
#include "util/policy.h"

static char path[] = "/tmp/tee-conf-XXXXXX";

static int setup(void **state)
{
    const int fd = mkstemp(path);

    (void)state;
    return fd >= 0 ? close(fd) : -1;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static CK_RV load(const char *text, struct conf **ret, char **error)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    *ret = NULL;
    *error = NULL;
    return conf_load_file(path, ret, error);
}

static struct conf *good(const char *text)
{
    struct conf *c;
    char *error;

    if (load(text, &c, &error) != CKR_OK)
        fail_msg("%s\n%s", text, error);
    assert_null(error);
    return c;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* Each says the same. */
static const char *const forms[] = {
    "store = /s\npin-min = 6\nmechanisms-deny = {A, B}\n",
    "store=/s\npin-min=6\nmechanisms-deny={A,B}",
    "\xef\xbb\xbfstore = /s\r\npin-min = 6\r\nmechanisms-deny = {A, B}\r\n",
    "# first\n\t# {second\n\nstore = \"/s\" # why, \"\npin-min = '6' #\nmechanisms-deny = { 'A' "
    ",\t\"B\" } # x\n",
    "  store = /s\npin-min =\n  6\nmechanisms-deny = {\n  A, # the one\n  # none\n\tB\n }\n",
    "mechanisms-deny = {\nA,\n\n# }\nB\n}\npin-min = 6\nstore = /s\n",
    "mechanisms-deny = {C}\nmechanisms-deny = {A,\n B}\npin-min = 4\npin-min = 6\nstore = "
    "/a\nstore = /s\n",
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
        AUTO(conf_freep) struct conf *c = good(forms[i]);

        assert_string_equal(c->path, path);
        assert_string_equal(c->store, "/s");
        assert_string_equal(c->software_key, "/s.key");
        assert_int_equal(c->pin_min, 6);
        assert_int_equal(c->mechanisms_deny.n, 2);
        assert_string_equal(c->mechanisms_deny.v[0], "A");
        assert_string_equal(c->mechanisms_deny.v[1], "B");
        assert_int_equal(c->mechanisms_allow.n, 0);
    }
}

#define TEN(x) x x x x x x x x x x

static void test_long(void **state)
{
    char text[1200];
    AUTO(conf_freep) struct conf *c = NULL;
    char *error;

    (void)state;
    /* 196 bytes are what inih takes at once, as Debian has it. */
    (void)snprintf(text, sizeof(text), "store = /%0187d # why\n", 0);
    c = good(text);
    assert_int_equal(strlen(c->store), 188);
    conf_free(TAKE(c));
    (void)snprintf(text, sizeof(text), "# %0400d\nvmpl = 1\nstore = /%0188d\n", 0, 0);
    assert_int_equal(load(text, &c, &error), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(error, ":3: this line is too long"));
    free(error);
}

/* A list is as long as it likes, in one line or in many; and lines are counted as they are. */
static void test_long_list(void **state)
{
    static const char *const lists[] = {
        "mechanisms-deny = {A" TEN(", " TEN("X")) "}\nvmpl = 1\n",
        "mechanisms-deny = {A" TEN(",\n  " TEN("X")) "}\nvmpl = 1\n",
        "mechanisms-deny = {A" TEN(",\n" TEN("X")) "\n}\nvmpl = 1\n",
        "  mechanisms-deny = {A" TEN("  ,   " TEN(" ") TEN("X")) "}  \nvmpl = 1\n",
        "mechanisms-deny = {" TEN(TEN("X") ",") TEN(" ") TEN(" ") "A}\nvmpl = 1\n",
        "mechanisms-deny = {'A'" TEN(",\"" TEN("X") "\"")
            TEN(TEN(" ")) "} # " TEN("a, ") "\nvmpl = 1\n",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
        AUTO(conf_freep) struct conf *c = good(lists[i]);

        assert_int_equal(c->mechanisms_deny.n, 11);
        for (size_t k = 0; k < 11; k++) {
            const char *name = c->mechanisms_deny.v[k];

            if (strcmp(name, "A") != 0)
                assert_string_equal(name, TEN("X"));
        }
        assert_int_equal(c->vmpl, 1);
    }
}

/* -- what is wrong ----------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *said; /* behind the file's name */
} bad[] = {
    /* lines */
    {"vmpl = 1\nvmpl\n", ":2: not of the form key = value"},
    {"vmpl = 9\nvmpl\n", ":1: vmpl = 9: not a whole number in 0..3"},
    {"vmpl\nvmpl = 9\n", ":1: not of the form key = value"},
    {"// one\n", ":1: not of the form key = value"},
    {"vmpl =\n", ":1: vmpl: a value is missing"},
    {"vmpl = # 1\n", ":1: vmpl: a value is missing"},
    {"= 1\n", ":1: there is no key "},
    {"[a]\nvmpl = 1\n", ":1: there are no sections"},
    {"vmpl = 1\n []pin-min = 999\n", ":2: there are no sections"},
    {"\xef\xbb\xbf\xef\xbb\xbf\v[a]\n", ":1: there are no sections"},
    {"; vmpl = 1\n", ":1: a semicolon begins nothing"},
    {"vmpl = 1 ; one\n", ":1: a semicolon begins nothing"},
    {"policy = {strict ;, x\n }\n", ":1: a semicolon begins nothing"},
    {"policy = {default,\n[]\n vmpl = strict}\n", ":2: there are no sections"},
    {"\n\nstorage = /x\n", ":3: there is no key storage"},
    {"vmpl += 1\n", ":1: there is no key vmpl +"},
    {"vmpl = 1\n  pin-min = 6\n", ":1: vmpl: a value with other than"},
    {"mechanisms-deny = {A" TEN(", " TEN("Y")) TEN(", " TEN("Y")) "}\nvmpl\n",
     ":2: not of the form key = value"},
    {"mechanisms-deny = {A" TEN(", " TEN("Y")) TEN(", " TEN("Y")) "}\nvmpl = 4\n",
     ":2: vmpl = 4: not a whole number"},
    {"mechanisms-deny = {A" TEN("," TEN("Y")) TEN("," TEN("Y")) ",#Y}\n",
     ":1: mechanisms-deny: a value is missing"},
    {"mechanisms-deny = {" TEN(TEN("Y")) TEN(TEN("Y")) "}\n", ":1: this line is too long"},
    {TEN("vmpl" TEN("x, ")) TEN("vmpl" TEN("y, ")) "\n", ":1: not of the form key = value"},
    {TEN(TEN("x")) TEN(TEN("x")) " = 1\n", ":1: this line is too long"},
    /* values */
    {"store = /a b\n", ":1: store: a value with other than"},
    {"store = /a\"b\"\n", ":1: store: a value with other than"},
    {"store = /a=b\n", ":1: store: a value with other than"},
    {"store = /a, /b\n", ":1: store: a value with other than"},
    {"store = \"/a\n", ":1: store: a quote is not closed"},
    {"store = '/a\"\n", ":1: store: a quote is not closed"},
    {"store = \"/a\n  b\"\n", ":1: store: a quote is not closed"},
    {"store = \"/a ;b\"\n", ":1: a semicolon begins nothing"},
    {"store = /a#b\n", ":1: store: a value with other than"},
    {"store = \"/a\"#b\n", ":1: store: a value with other than"},
    {"pin-min = 8#0\n", ":1: pin-min: a value with other than"},
    {"policy = {default,#strict\n}\n", ":1: policy: a value is missing"},
    {"policy = {strict\nvmpl = 1\n", ":1: policy: values of a list"},
    {"policy = {strict,\nvmpl\n}\n", ":1: policy = vmpl: not default"},
    {"store = \"/a\\x41\"\n", ":1: a value has no backslash"},
    {"store = /a\\b\n", ":1: a value has no backslash"},
    {"store = \"${HOME}\"\n", ":1: ${...} is not supported"},
    {"store = /a${HOME}\n", ":1: ${...} is not supported"},
    {"policy = {default\n", ":1: policy: values of a list"},
    {"policy = {default strict}\n", ":1: policy: values of a list"},
    {"policy = {default,}\n", ":1: policy: a value is missing"},
    {"policy = {default}}\n", ":1: policy: a value with other than"},
    {"policy = default, strict\n", ":1: policy: a value with other than"},
    {"store = {/a, /b}\n", ":1: store has one value"},
    {"store = {}\n", ":1: store has one value"},
    /* each kind of key */
    {"root = tpm\n", ":1: root = tpm: not one of sev-snp, software, auto"},
    {"measured = \"\"\n", ":1: measured = : not one of image, firmware"},
    {"binding = Owner\n", ":1: binding = Owner: not one of image, owner"},
    {"so-reset = maybe\n", ":1: so-reset = maybe: not yes or no"},
    {"pin-min = 3\n", ":1: pin-min = 3: not a whole number in 4..255"},
    {"pin-min = 256\n", ":1: pin-min = 256: not a whole number in 4..255"},
    {"pin-min = 0x10\n", ":1: pin-min = 0x10: not a whole number in 4..255"},
    {"pin-min = 010\n", ":1: pin-min = 010: not a whole number in 4..255"},
    {"pin-min = -6\n", ":1: pin-min = -6: not a whole number in 4..255"},
    {"pin-min = \"\"\n", ":1: pin-min = : not a whole number in 4..255"},
    {"pin-min = 99999999999999999999\n", ": not a whole number in 4..255"},
    {"min-guest-svn = 4294967296\n", ": not a whole number in 0..4294967295"},
    {"map-size = 0\n", ":1: map-size = 0: not a whole number in 1..65536"},
    {"store = here\n", ":1: store = here: not an absolute path"},
    {"recovery-certificate = here\n", ": not an absolute path"},
    {"min-tcb = 4.0.24\n", ":1: min-tcb = 4.0.24: not four numbers"},
    {"min-tcb = 4.0.24.256\n", ":1: min-tcb = 4.0.24.256: not four numbers"},
    {"min-tcb = 1.2.3.4.5.6\n", ":1: min-tcb = 1.2.3.4.5.6: not four numbers"},
    {"id-key-digest = 12\n", ":1: id-key-digest = 12: not the 96 hex digits"},
    {"policy = {default, lax}\n", ":1: policy = lax: not default, strict"},
    {TEN("recovery-certificate = /a\n") TEN("recovery-certificate = /a\n"),
     ":17: more than 16 recovery certificates"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct conf *c;
        char *error;
        const CK_RV rv = load(bad[i].text, &c, &error);

        if (rv != CKR_ARGUMENTS_BAD || c != NULL || error == NULL ||
            strncmp(error, path, strlen(path)) != 0 || strstr(error, bad[i].said) == NULL)
            fail_msg("%s0x%lx: %s", bad[i].text, rv, error != NULL ? error : "");
        free(error);
    }
}

/* -- what is right ----------------------------------------------------------------------------- */

static void test_every_key(void **state)
{
    AUTO(conf_freep)
    struct conf *c = good(
        "store = /s\nroot = auto\ndevice = /dev/d\nsoftware-key = /k\n"
        "recovery-certificate = /a.pem\nrecovery-certificate = \"/b {c;#.pem\"\nhardware-only = "
        "Yes\n"
        "measured = firmware\nbinding = owner\nendorsement = vlek\n"
        "id-key-digest = "
        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
        "2e2f30\n"
        "author-key-digest = "
        "3102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
        "2e2f30\n"
        "min-guest-svn = 4294967295\nmin-tcb = 1.2.3.4.5\nreports = tsm\ntsm = /t\n"
        "unseal-cache = 0\nowner-secret = /o\nrollback-days = 3650\nattest-keys = on\nvmpl = 3\n"
        "pin-min = 8\npin-tries = 3\npin-log2-n = 20\nso-reset = OFF\naudit-key-use = all\n"
        "audit-full = count\naudit-delay = 3600\ncount-operations = true\n"
        "policy = {strict, no-wrap-strength}\nmechanisms-allow = {default, CKM_RSA_X_509}\n"
        "mechanisms-deny = CKM_SHA_1\nmap-size = 65536\ncache-objects = 16\n");
    uint32_t set = policy_default();

    (void)state;
    assert_true(policy_word("strict", &set) && policy_word("no-wrap-strength", &set));
    assert_string_equal(c->store, "/s");
    assert_int_equal(c->root, CONF_ROOT_AUTO);
    assert_string_equal(c->device, "/dev/d");
    assert_string_equal(c->software_key, "/k");
    assert_int_equal(c->n_recovery, 2);
    assert_string_equal(c->recovery[0], "/a.pem");
    assert_string_equal(c->recovery[1], "/b {c;#.pem");
    assert_true(c->hardware_only && c->attest_keys && c->count_operations && !c->so_reset);
    assert_int_equal(c->measured, CONF_MEASURED_FIRMWARE);
    assert_int_equal(c->binding, CONF_BINDING_OWNER);
    assert_int_equal(c->endorsement, CONF_ENDORSEMENT_VLEK);
    assert_true(c->id_key_digest.said && c->id_key_digest.v[0] == 1 &&
                c->id_key_digest.v[47] == 48);
    assert_true(c->author_key_digest.said && c->author_key_digest.v[0] == 49);
    assert_int_equal(c->min_guest_svn, UINT32_MAX);
    assert_int_equal(c->min_tcb.n, 5);
    assert_memory_equal(c->min_tcb.v, "\1\2\3\4\5", 5);
    assert_int_equal(c->reports, CONF_REPORTS_TSM);
    assert_string_equal(c->tsm, "/t");
    assert_string_equal(c->owner_secret, "/o");
    assert_int_equal(c->unseal_cache, 0);
    assert_int_equal(c->rollback_days, 3650);
    assert_int_equal(c->vmpl, 3);
    assert_true(c->pin_min == 8 && c->pin_tries == 3 && c->pin_log2_n == 20);
    assert_int_equal(c->audit_key_use, CONF_KEY_USE_ALL);
    assert_int_equal(c->audit_full, CONF_AUDIT_FULL_COUNT);
    assert_int_equal(c->audit_delay, 3600);
    assert_int_equal(c->policy, set);
    assert_int_equal(c->mechanisms_allow.n, 2);
    assert_int_equal(c->mechanisms_deny.n, 1);
    assert_string_equal(c->mechanisms_deny.v[0], "CKM_SHA_1");
    assert_int_equal(c->map_size, UINT64_C(64) << 30);
    assert_int_equal(c->cache_objects, 16);
}

static void test_empty(void **state)
{
    AUTO(conf_freep) struct conf *c = good("");

    (void)state;
    assert_int_equal(c->root, CONF_ROOT_SEV_SNP);
    assert_int_equal(c->measured, CONF_MEASURED_UNSAID);
    assert_string_equal(c->device, "/dev/sev-guest");
    assert_true(c->so_reset && !c->hardware_only && c->pin_min == 4 && c->map_size == 0);
    assert_int_equal(c->policy, policy_default());
    assert_int_equal(c->unseal_cache, 60);
    assert_int_equal(c->rollback_days, 30);
    assert_string_equal(c->software_key + strlen(c->store), ".key");
}

/* Who may not say what this program does, and what is no file. */
static void test_files(void **state)
{
    struct conf *c = NULL;
    char *error = NULL;

    (void)state;
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(conf_load_file(path, &c, &error), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(error, "chmod go-w"));
    free(TAKE(error));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(conf_load_file("/tmp", &c, &error), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(error, "not a regular file"));
    free(TAKE(error));
    assert_int_equal(conf_load_file("/nonexistent.conf", &c, &error), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(error, "No such file"));
    free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/conf/forms", test_forms, NULL, NULL, NULL},
        {"/conf/long", test_long, NULL, NULL, NULL},
        {"/conf/long-list", test_long_list, NULL, NULL, NULL},
        {"/conf/bad", test_bad, NULL, NULL, NULL},
        {"/conf/every-key", test_every_key, NULL, NULL, NULL},
        {"/conf/empty", test_empty, NULL, NULL, NULL},
        {"/conf/files", test_files, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
