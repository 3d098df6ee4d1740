/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-keyring-snp.c - stores sealed by the (emulated) SEV-SNP device: another chip, another image,
 * a debug launch, firmware that moves on or is rolled back. Over the wrapped ioctl, or over FUSE
 * where SNP_EMULATOR_MOUNT names a mount.
 *
 * Link with -Wl,--wrap=ioctl,--wrap=log_err,--wrap=time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "keyring/recipients.h"
#include "keyring/seal.h"
#include "keyring/seals.h"
#include "log_capture.h"
#include "root/root.h"
#include "snp_machine.h"

struct machine {
    struct keyring_fixture *f;
    struct snp_bench bench;
    char owner_key[128];
};

static int setup(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    snp_machine_open(&m->bench, &m->f);
    fixture_certificate(m->f, "ec", m->owner_key);
    *state = m;
    return 0;
}

static int setup_store(void **state)
{
    struct machine *m;

    (void)setup(state);
    m = *state;
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    (void)fixture_token(m->f, "on a chip");
    fixture_close(m->f);
    return 0;
}

static int teardown(void **state)
{
    struct machine *m = *state;

    (void)fixture_teardown((void **)&m->f);
    snp_bench_close(&m->bench);
    free(m);
    return 0;
}

static void opens(struct machine *m)
{
    struct token_info t;

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    t = fixture_only_token(m->f);
    login_unref(fixture_so(m->f, &t));
    fixture_close(m->f);
}

/* It does not open, and the log has this. */
static void refuses(struct machine *m, const char *why)
{
    log_capture_clear();
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
    assert_null(m->f->k);
    assert_non_null(strstr(log_capture_text(), why));
    assert_non_null(strstr(log_capture_text(), "recover"));
}

/* The bindings of the platform seals. */
static size_t bindings(struct machine *m, struct binding *ret, size_t room)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    size_t n = 0;

    assert_int_equal(store_open(m->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    assert_int_equal(seal_set_read(t, TRUST_NOTHING, &set), CKR_OK);
    txn_end(TAKE(t));
    for (size_t i = 0; i < set->n; i++) {
        if (set->v[i].seal.kind == SEAL_PLATFORM && n < room)
            assert_int_equal(binding_decode(set->v[i].seal.binding, &ret[n++]), CKR_OK);
    }
    return n;
}

static void snp_creates_and_opens(void **state)
{
    struct machine *m = *state;
    struct store_info info;

    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    assert_string_equal(keyring_root_name(m->f->k), "sev-snp-emulated");
    assert_int_equal(keyring_info(m->f->k, &info), CKR_OK);
    assert_string_equal(info.root, "sev-snp-emulated");
    assert_int_equal(info.measured, CONF_MEASURED_IMAGE);
    fixture_close(m->f);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
}

static void snp_opening_asks_twice(void **state)
{
    struct machine *m = *state;
    const unsigned long long before = snp_bench_requests(&m->bench);
    struct token_info t;

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    /* One key, one report to see whether the firmware moved on. Hosts throttle: no more. */
    assert_int_equal(snp_bench_requests(&m->bench) - before, 2);
    t = fixture_only_token(m->f);
    login_unref(fixture_so(m->f, &t));
    fixture_user_pin(m->f, &t);
    login_unref(fixture_user(m->f, &t));
    assert_int_equal(snp_bench_requests(&m->bench) - before, 2); /* nothing else asks */
}

/* A token that another process made: its secret is fetched once, where the caller wants it. */
static void snp_token_made_elsewhere(void **state)
{
    struct machine *m = *state;
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(dek_unrefp) struct dek *d = NULL;
    struct token_info made;
    unsigned long long before;

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    assert_int_equal(fixture_open(m->f, &other), CKR_OK);
    made = fixture_token(m->f, "by the other");
    before = snp_bench_requests(&m->bench);
    assert_int_equal(token_prepare(other, made.id), CKR_OK);
    assert_int_equal(snp_bench_requests(&m->bench) - before, 1);
    assert_int_equal(token_prepare(other, made.id), CKR_OK);
    assert_int_equal(txn_begin_read(keyring_store(other), &t), CKR_OK);
    assert_int_equal(dek_get(other, t, made.id, SCOPE_PUBLIC, 0, NULL, &d), CKR_OK);
    assert_int_equal(snp_bench_requests(&m->bench) - before, 1);
}

static void snp_elsewhere_is_refused(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "chip=02");
    refuses(m, "chip");
    snp_bench_set(&m->bench, "chip=01\nmeasurement=b1b2b3");
    refuses(m, "sealed to measurement a1a2a3");
    snp_bench_set(&m->bench, "measurement=a1a2a3\npolicy=0xb0000");
    refuses(m, "DEBUG");
    snp_bench_set(&m->bench, "policy=0x30000\nhost_data=77");
    refuses(m, "HOST_DATA");
    snp_bench_set(&m->bench, "host_data=");
    opens(m);
}

static void snp_debug_launch_is_not_sealed_to(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "policy=0xb0000");
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_DEVICE_ERROR);
    assert_null(m->f->k);
    snp_bench_set(&m->bench, "policy=0x30000");
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k),
                     CKR_OK); /* what is there is completed */
}

static void snp_bad_device_is_refused(void **state)
{
    static const char *const failures[] = {"fail=zero", "fail=status:0x16", "fail=status:0x27"};
    struct machine *m = *state;

    for (size_t i = 0; i < N_ELEMENTS(failures); i++) {
        snp_bench_set(&m->bench, failures[i]);
        assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
    }
    snp_bench_set(&m->bench, "fail=none");
    opens(m);
}

static void snp_firmware_moves_on(void **state)
{
    struct machine *m = *state;
    struct binding before, after;

    assert_int_equal(bindings(m, &before, 1), 1);
    snp_bench_set(&m->bench, "tcb=4.0.10.101");
    opens(m); /* and seals again */
    assert_int_equal(bindings(m, &after, 1), 1);
    assert_int_equal(tcb_compare(TCB_MILAN, after.tcb_version, before.tcb_version), TCB_GREATER);
    assert_int_equal(after.tcb_version, after.committed_tcb);
    opens(m);
    assert_int_equal(bindings(m, &before, 1), 1); /* once is enough */
    assert_memory_equal(&before, &after, sizeof(after));
}

static void snp_firmware_rolled_back(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "tcb=4.0.11.100");
    opens(m);
    snp_bench_set(&m->bench, "tcb=3.0.10.100"); /* where the store was made */
    refuses(m, "rolled back");
    snp_bench_set(&m->bench, "tcb=4.0.11.100");
    opens(m);
}

/* A component up and another one down: neither newer nor older. The seal stays what it is. */
static void snp_firmware_moves_sideways(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "tcb=4.0.9.100");
    refuses(m, "rolled back");
}

static int open_without_disk(struct keyring_fixture *f)
{
    const struct rlimit limit = {4096, 4096};
    struct keyring *k = NULL;

    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 9;
    return fixture_open(f, &k) == CKR_OK ? 0 : 1;
}

/* A disk that takes no more does not keep the store shut; the next opening seals again. */
static void snp_renewal_that_fails(void **state)
{
    struct machine *m = *state;
    struct binding before, after;

    assert_int_equal(bindings(m, &before, 1), 1);
    snp_bench_set(&m->bench, "tcb=5.0.10.100");
    assert_int_equal(fixture_child(open_without_disk, m->f), 0);
    assert_int_equal(bindings(m, &after, 1), 1);
    assert_int_equal(before.tcb_version, after.tcb_version);
    opens(m);
    assert_int_equal(bindings(m, &after, 1), 1);
    assert_int_not_equal(before.tcb_version, after.tcb_version);
}

struct tampering {
    struct buf key, row;
};

static CK_RV find_platform(struct txn *t, struct span key, struct span row, void *arg)
{
    struct tampering *to = arg;

    (void)t;
    if (row.p[1] != SEAL_PLATFORM)
        return CKR_OK;
    buf_put(&to->key, key);
    buf_put(&to->row, row);
    return CKR_OK;
}

/* A host rewrites the binding to a key that it can have too: the device is not asked for it. */
static void snp_binding_not_allowed(void **state)
{
    struct machine *m = *state;
    struct tampering to = {BUF_INIT, BUF_INIT};
    struct store *s = NULL;
    struct txn *t = NULL;
    struct seal seal;
    size_t select;
    unsigned long long before;

    assert_int_equal(store_open(m->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    assert_int_equal(txn_peek_walk(t, STORE_SEAL, find_platform, &to), CKR_OK);
    txn_end(t);
    store_unref(s);
    assert_int_equal(seal_decode(to.key.p, buf_span(&to.row), &seal), CKR_OK);
    select = (size_t)(seal.binding.p - to.row.p) + 2 + 3; /* low byte of root_key_select */
    to.row.p[select] = 1;                                 /* VMRK */
    raw_put(m->f, "seal", buf_span(&to.key), buf_span(&to.row));
    before = snp_bench_requests(&m->bench);
    refuses(m, "VCEK");
    assert_int_equal(snp_bench_requests(&m->bench) - before, 1); /* the report of the explanation */
    buf_clear(&to.key);
    buf_clear(&to.row);
}

/* The vendor's firmware alone is measured: the chip alone must not do. */
static void snp_firmware_needs_an_owner(void **state)
{
    struct machine *m = *state;
    char path[128];

    m->f->conf.measured = CONF_MEASURED_FIRMWARE;
    log_capture_clear();
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "owner-secret = FILE"));
    (void)snprintf(path, sizeof(path), "%s/owner", m->f->directory);
    fixture_run("umask 077; echo 0123456789abcdef > '%s'", path);
    m->f->conf.owner_secret = path;
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    (void)fixture_token(m->f, "on a chip");
    fixture_close(m->f);
    opens(m);
    snp_bench_set(&m->bench, "tcb=4.0.10.101");
    opens(m); /* sealed again after the update: with the owner's secret */
    m->f->conf.owner_secret = NULL;
    refuses(m, "and its owner's secret");
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &(bool){false}), CKR_FUNCTION_REJECTED);
    m->f->conf.owner_secret = path;
}

static void snp_other_roots_are_refused(void **state)
{
    struct machine *m = *state;

    m->f->conf.root = CONF_ROOT_SOFTWARE;
    m->f->conf.measured = CONF_MEASURED_UNSAID;
    m->f->conf.n_recovery = 0;
    refuses(m, "sealed by sev-snp-emulated");
    m->f->conf.root = CONF_ROOT_AUTO; /* an emulated device is not hardware */
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
}

/* An older firmware's seal opens here: the new one, of the firmware as it is, is in its place. */
static void recovered_in_place(struct machine *m)
{
    struct seal_info *v = NULL;
    bool in_place = false;
    size_t n = 0;

    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &in_place), CKR_OK);
    assert_true(in_place);
    fixture_close(m->f);
    opens(m);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    assert_int_equal(seals_list(m->f->k, keyring_store(m->f->k), &v, &n), CKR_OK);
    assert_int_equal(n, 2); /* this one and the owner's */
    for (size_t i = 0; i < n; i++)
        assert_false(v[i].superseded);
    seals_info_free(v, n);
    fixture_close(m->f);
}

/* Newer firmware, and a host that hides which chip this is. */
static void snp_recovered_where_it_opens(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "tcb=4.0.10.101");
    recovered_in_place(m);
    snp_bench_set(&m->bench, "mask_chip_id=1");
    recovered_in_place(m);
    snp_bench_set(&m->bench, "mask_chip_id=0");
    recovered_in_place(m);
}

static void snp_recovered_on_another_image(void **state)
{
    struct machine *m = *state;

    snp_bench_set(&m->bench, "measurement=b1b2b3");
    refuses(m, "measurement");
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &(bool){false}), CKR_OK);
    fixture_close(m->f);
    opens(m);
    snp_bench_set(&m->bench, "measurement=a1a2a3"); /* the image before, for a while */
    opens(m);
    fixture_time_shift = (int64_t)KEEP_SECONDS + 60;
    refuses(m, "measurement");
    snp_bench_set(&m->bench, "measurement=b1b2b3");
    opens(m);
}

static void snp_is_not_recovered_to_less(void **state)
{
    struct machine *m = *state;

    m->f->conf.root = CONF_ROOT_SOFTWARE;
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    log_capture_clear();
    assert_int_equal(recover_adopt(m->f->k, &(bool){false}), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "protects less"));
    fixture_run("test ! -e '%s'", m->f->key);
}

/* From a development store to a chip: the software seal is gone, and so is the master it opened. */
static void snp_recovered_from_software(void **state)
{
    struct machine *m = *state;
    struct seal_info *v = NULL;
    struct store_info info;
    size_t n = 0;

    m->f->conf.root = CONF_ROOT_SOFTWARE;
    m->f->conf.measured = CONF_MEASURED_UNSAID;
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    (void)fixture_token(m->f, "moves");
    fixture_close(m->f);
    m->f->conf.root = CONF_ROOT_SEV_SNP;
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &(bool){false}),
                     CKR_FUNCTION_REJECTED); /* measured is not said */
    fixture_close(m->f);
    m->f->conf.measured = CONF_MEASURED_IMAGE;
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &(bool){false}), CKR_OK);
    assert_int_equal(keyring_info(m->f->k, &info), CKR_OK);
    assert_string_equal(info.root, "sev-snp-emulated");
    assert_int_equal(info.epoch, 2);
    assert_int_equal(seals_list(m->f->k, keyring_store(m->f->k), &v, &n), CKR_OK);
    assert_int_equal(n, 2);
    seals_info_free(v, n);
    fixture_close(m->f);
    opens(m);
}

/* -- binding = owner, endorsement = vlek --------------------------------------------------------
 */

static int setup_owner(void **state)
{
    struct machine *m;

    (void)setup(state);
    m = *state;
    m->f->conf.binding = CONF_BINDING_OWNER;
    m->f->conf.id_key_digest.said = true;
    m->f->conf.id_key_digest.v[0] = 0x1d;
    snp_bench_set(&m->bench, "id_key_digest=1d\nguest_svn=3\nfamily_id=fa\nimage_id=1a");
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    (void)fixture_token(m->f, "of an owner");
    fixture_close(m->f);
    return 0;
}

static void snp_owner_updates_images(void **state)
{
    struct machine *m = *state;
    struct binding b;

    snp_bench_set(&m->bench, "measurement=b1b2b3"); /* another image of the same SVN */
    opens(m);
    assert_int_equal(bindings(m, &b, 1), 1);
    assert_int_equal(b.guest_svn, 3);
    snp_bench_set(&m->bench, "measurement=c1c2c3\nguest_svn=4"); /* a security fix */
    opens(m);
    assert_int_equal(bindings(m, &b, 1), 1); /* sealed again, forward */
    assert_int_equal(b.guest_svn, 4);
    snp_bench_set(&m->bench, "measurement=a1a2a3\nguest_svn=3"); /* the image before it */
    refuses(m, "sealed at guest SVN 4, this image is launched with 3");
    assert_int_equal(bindings(m, &b, 1), 1);
    assert_int_equal(b.guest_svn, 4); /* and never backward */
    snp_bench_set(&m->bench, "guest_svn=5\nid_key_digest=2d");
    refuses(m, "not the one of id-key-digest");
    snp_bench_set(&m->bench, "id_key_digest=");
    refuses(m, "without an ID block");
}

static void snp_owner_has_to_be_named(void **state)
{
    struct machine *m = *state;

    m->f->conf.binding = CONF_BINDING_OWNER;
    log_capture_clear();
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "write author-key-digest or id-key-digest"));
    assert_int_equal(snp_bench_requests(&m->bench), 0);
}

static void snp_vlek_demands_recovery(void **state)
{
    struct machine *m = *state;
    struct seal_info *v = NULL;
    size_t n = 0;
    bool named = false;

    m->f->conf.endorsement = CONF_ENDORSEMENT_VLEK;
    m->f->conf.n_recovery = 0;
    m->f->conf.hardware_only = true; /* does not help */
    log_capture_clear();
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "recovery-certificate"));
    m->f->conf.n_recovery = 1;
    snp_bench_set(&m->bench, "vlek_loaded=1");
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    assert_int_equal(seals_list(m->f->k, keyring_store(m->f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++)
        named = named || strstr(v[i].description, "by the cloud's VLEK") != NULL;
    assert_true(named);
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind != SEAL_CERTIFICATE)
            continue;
        log_capture_clear(); /* nor can the last one be removed, whatever its owner accepts */
        assert_int_equal(seal_remove_check(m->f->k, v[i].id, SEAL_ACCEPT_NO_RECOVERY),
                         CKR_FUNCTION_REJECTED);
        assert_non_null(strstr(log_capture_text(), "endorsement = vlek"));
    }
    seals_info_free(v, n);
    fixture_close(m->f);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    fixture_close(m->f);
    snp_bench_set(&m->bench, "reported_tcb=3.0.10.101\ncurrent_tcb=3.0.10.101");
    refuses(m, "the cloud's VLEK for TCB"); /* another VLEK: what the recovery seal is for */
}

/* -- what the store was made with ----------------------------------------------------------------
 */

static void snp_configuration_is_the_stores(void **state)
{
    struct machine *m = *state;

    m->f->conf.binding = CONF_BINDING_IMAGE;
    refuses(m, "sealed with binding = owner, configured is binding = image");
    m->f->conf.binding = CONF_BINDING_OWNER;
    m->f->conf.author_key_digest.said = true;
    m->f->conf.author_key_digest.v[0] = 0xaa;
    snp_bench_set(&m->bench, "author_key_digest=aa");
    refuses(m, "sealed with ID key");
    snp_bench_set(&m->bench, "author_key_digest=");
    m->f->conf.author_key_digest.said = false;
    opens(m);
}

static void snp_floors_of_the_store_hold(void **state)
{
    struct machine *m = *state;
    struct config stored = {.root = ROOT_SEV_SNP_EMULATED, .binding = CONF_BINDING_OWNER};
    struct binding b;

    assert_int_equal(bindings(m, &b, 1), 1); /* SVN 3, TCB 3.0.10.100 */
    stored.min_guest_svn = 3;
    stored.min_tcb = (struct conf_tcb){.v = {3, 0, 10, 100}, .n = 4};
    assert_int_equal(config_floors(&m->f->conf, &stored, &root_sev_snp_emulated, &b), CKR_OK);
    stored.min_guest_svn = 4;
    assert_int_equal(config_floors(&m->f->conf, &stored, &root_sev_snp_emulated, &b),
                     CKR_DEVICE_ERROR);
    stored.min_guest_svn = 0;
    stored.min_tcb.v[3] = 101;
    assert_int_equal(config_floors(&m->f->conf, &stored, &root_sev_snp_emulated, &b),
                     CKR_DEVICE_ERROR);
}

static CK_RV raise_floor(struct txn *t, void *arg)
{
    struct config stored;

    TRY(config_get(t, &stored));
    stored.min_guest_svn = *(const uint32_t *)arg;
    return config_put(t, &stored);
}

/* The seal's platform opens it, and a file that names no floor says nothing against it. */
static void snp_opened_below_the_floor_of_the_store(void **state)
{
    struct machine *m = *state;
    uint32_t svn = 4; /* the seal was made at 3 */
    bool in_place = true;

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    assert_int_equal(store_write(keyring_store(m->f->k), raise_floor, &svn), CKR_OK);
    fixture_close(m->f);
    refuses(m, "below the floor (min-guest-svn)");
    assert_int_equal(m->f->conf.min_guest_svn, 0);
    /* So what opens it afterwards is in place of nothing. */
    snp_bench_set(&m->bench, "guest_svn=4");
    refuses(m, "below the floor (min-guest-svn)");
    assert_int_equal(fixture_recover(m->f, m->owner_key), CKR_OK);
    assert_int_equal(recover_adopt(m->f->k, &in_place), CKR_OK);
    assert_false(in_place);
    fixture_close(m->f);
    opens(m);
}

static void snp_first_configuration_row_is_read(void **state)
{
    static const uint8_t first[] = {1, ROOT_SEV_SNP, CONF_MEASURED_IMAGE, 1, 0, 0};
    struct config c;

    (void)state;
    assert_int_equal(config_decode(SPAN_ARRAY(first), &c), CKR_OK);
    assert_int_equal(c.binding, CONF_BINDING_IMAGE);
    assert_int_equal(c.endorsement, CONF_ENDORSEMENT_VCEK);
    assert_int_equal(c.min_guest_svn, 0);
    assert_int_equal(c.min_tcb.n, 0);
    assert_true(c.hardware_only);
    assert_int_equal(config_decode(span_of(first, sizeof(first) - 1), &c), CKR_DEVICE_ERROR);
}

#define STORE_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, setup_store, teardown, NULL                                                      \
    }

static int group_teardown(void **state)
{
    (void)state;
    fixture_certificates_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/keyring/snp/creates-and-opens", snp_creates_and_opens, setup, teardown, NULL},
        STORE_TEST("/keyring/snp/opening-asks-twice", snp_opening_asks_twice),
        {"/keyring/snp/firmware-needs-an-owner", snp_firmware_needs_an_owner, setup, teardown,
         NULL},
        STORE_TEST("/keyring/snp/token-made-elsewhere", snp_token_made_elsewhere),
        STORE_TEST("/keyring/snp/elsewhere-is-refused", snp_elsewhere_is_refused),
        {"/keyring/snp/debug-launch-is-not-sealed-to", snp_debug_launch_is_not_sealed_to, setup,
         teardown, NULL},
        STORE_TEST("/keyring/snp/bad-device-is-refused", snp_bad_device_is_refused),
        STORE_TEST("/keyring/snp/firmware/moves-on", snp_firmware_moves_on),
        STORE_TEST("/keyring/snp/firmware/rolled-back", snp_firmware_rolled_back),
        STORE_TEST("/keyring/snp/firmware/sideways", snp_firmware_moves_sideways),
        STORE_TEST("/keyring/snp/firmware/renewal-that-fails", snp_renewal_that_fails),
        STORE_TEST("/keyring/snp/binding-not-allowed", snp_binding_not_allowed),
        STORE_TEST("/keyring/snp/other-roots-are-refused", snp_other_roots_are_refused),
        STORE_TEST("/keyring/snp/recovered-where-it-opens", snp_recovered_where_it_opens),
        STORE_TEST("/keyring/snp/recovered-on-another-image", snp_recovered_on_another_image),
        STORE_TEST("/keyring/snp/is-not-recovered-to-less", snp_is_not_recovered_to_less),
        {"/keyring/snp/owner/updates-images", snp_owner_updates_images, setup_owner, teardown,
         NULL},
        {"/keyring/snp/owner/has-to-be-named", snp_owner_has_to_be_named, setup, teardown, NULL},
        {"/keyring/snp/vlek/demands-recovery", snp_vlek_demands_recovery, setup, teardown, NULL},
        {"/keyring/snp/configuration-is-the-stores", snp_configuration_is_the_stores, setup_owner,
         teardown, NULL},
        {"/keyring/snp/floors-of-the-store-hold", snp_floors_of_the_store_hold, setup_owner,
         teardown, NULL},
        {"/keyring/snp/opened-below-the-floor-of-the-store",
         snp_opened_below_the_floor_of_the_store, setup_owner, teardown, NULL},
        {"/keyring/snp/first-configuration-row-is-read", snp_first_configuration_row_is_read, setup,
         teardown, NULL},
        {"/keyring/snp/recovered-from-software", snp_recovered_from_software, setup, teardown,
         NULL},
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
