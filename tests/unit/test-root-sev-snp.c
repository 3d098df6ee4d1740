/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-root-sev-snp.c - the SEV-SNP root against the emulated device: which keys it gets back, what
 * it refuses, what it says. Runs over the wrapped ioctl, and over FUSE where SNP_EMULATOR_MOUNT
 * names a mount.
 *
 * Link with -Wl,--wrap=ioctl,--wrap=readlink,--wrap=open,--wrap=log_err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_capture.h"
#include "root/root.h"
#include "root/snp_abi.h"
#include "snp_bench.h"
#include "snp_wrap.h"

struct fixture {
    struct snp_bench bench;
    struct conf conf;
};

/* What sysfs says of character devices; NULL: what the kernel says. */
static const char *sysfs_subsystem;
static const char *sysfs_node;

ssize_t __wrap_readlink(const char *path, char *ret, size_t room);
ssize_t __real_readlink(const char *path, char *ret, size_t room);
ssize_t __wrap_readlink(const char *path, char *ret, size_t room)
{
    const bool subsystem = strstr(path, "/subsystem") != NULL;
    const char *target = subsystem ? sysfs_subsystem : sysfs_node;

    if (target == NULL || strncmp(path, "/sys/dev/char/", strlen("/sys/dev/char/")) != 0)
        return __real_readlink(path, ret, room);
    assert_true(strlen(target) < room);
    memcpy(ret, target, strlen(target));
    return (ssize_t)strlen(target);
}

/* The errno of opening for writing; 0: whatever the kernel says. */
static int open_write_error;

/* With 64-bit file offsets (meson's default) the name is open64: both are wrapped. */
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...) __attribute__((alias("__wrap_open")));
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
    va_end(args);
    if (open_write_error != 0 && (flags & O_ACCMODE) == O_RDWR) {
        errno = open_write_error;
        return -1;
    }
    return __real_open(path, flags, mode);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    snp_bench_open(&f->bench);
    f->conf.root = CONF_ROOT_SEV_SNP;
    f->conf.device = f->bench.device;
    log_capture_clear();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    snp_bench_close(&f->bench);
    free(f);
    sysfs_subsystem = NULL;
    sysfs_node = NULL;
    open_write_error = 0;
    return 0;
}

static const struct root *const emulated = &root_sev_snp_emulated;

static void set(struct fixture *f, const char *lines)
{
    snp_bench_set(&f->bench, lines);
}

/* Make the configured device look like the kernel's own. */
static void look_genuine(struct fixture *f)
{
    static char node[] = "/dev/null"; /* a character device that is there everywhere */

    f->conf.device = node;
    sysfs_subsystem = "../../../../class/misc";
    sysfs_node = "../../devices/virtual/misc/sev-guest";
}

static struct binding bound(struct fixture *f)
{
    struct binding b;

    assert_int_equal(emulated->bind(&f->conf, false, &b), CKR_OK);
    return b;
}

static void key_of(struct fixture *f, const struct binding *b, uint8_t ret[ROOT_KEY_BYTES])
{
    AUTO(secret_freep) struct secret *key = NULL;

    assert_int_equal(emulated->derive(&f->conf, b, &key), CKR_OK);
    assert_int_equal(key->n, ROOT_KEY_BYTES);
    assert_false(mem_is_zero(key->p, key->n));
    memcpy(ret, key->p, ROOT_KEY_BYTES);
}

static void assert_derive_fails(struct fixture *f, const struct root *r, const struct binding *b,
                                const char *why)
{
    struct secret *key = NULL;

    log_capture_clear();
    assert_int_equal(r->derive(&f->conf, b, &key), CKR_DEVICE_ERROR);
    assert_null(key);
    if (strstr(log_capture_text(), why) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", log_capture_text(), why);
}

static void assert_bind_fails(struct fixture *f, const char *why)
{
    struct binding b = {.vmpl = 77};

    log_capture_clear();
    assert_int_equal(emulated->bind(&f->conf, true, &b), CKR_DEVICE_ERROR);
    assert_int_equal(b.vmpl, 77);
    if (strstr(log_capture_text(), why) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", log_capture_text(), why);
}

/* ---- before anything was answered ---- */

static void test_unanswered_enotty(void **state)
{
    struct fixture *f = *state;

    set(f, "vmpck_dead=1\n");
    assert_bind_fails(f, "not a sev-guest device, or its channel key (VMPCK) was dropped");
}

/* ---- select ---- */

static void test_select_file_is_emulated(void **state)
{
    struct fixture *f = *state;
    const struct root *r = NULL;

    assert_int_equal(root_select(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, &root_sev_snp_emulated);
    assert_int_equal(r->probe(&f->conf), CKR_OK);
    assert_int_equal(root_sev_snp.probe(&f->conf), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "is a sev-snp-emulated device"));
}

static void test_select_kernel_node_is_genuine(void **state)
{
    struct fixture *f = *state;
    const struct root *r = NULL;

    look_genuine(f);
    assert_int_equal(root_select(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, &root_sev_snp);
    assert_int_equal(r->probe(&f->conf), CKR_OK);
    assert_int_equal(emulated->probe(&f->conf), CKR_DEVICE_ERROR);
    f->conf.root = CONF_ROOT_AUTO;
    r = NULL;
    assert_int_equal(root_select(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, &root_sev_snp);
}

/* Each mark of the kernel's node is needed: a character device, misc, by its name. */
static void test_select_marks_of_the_node(void **state)
{
    static const struct {
        const char *subsystem, *node;
    } cases[] = {
        {NULL, NULL},
        {"../../../../class/mem", "../../devices/virtual/misc/sev-guest"},
        {"../../../../class/cuse", "../../devices/virtual/cuse/sev-guest"},
        {"../../../../class/misc", "../../devices/virtual/misc/fuse"},
        {"../../../../class/misc", "../../devices/virtual/misc/not-sev-guest"},
        {"../../../../class/misc", "../../devices/virtual/misc/sev-guest/x"},
        {"", ""},
    };
    struct fixture *f = *state;
    const struct root *r = NULL;
    char *file = f->conf.device;

    look_genuine(f);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        sysfs_subsystem = cases[i].subsystem;
        sysfs_node = cases[i].node;
        assert_int_equal(root_select(&f->conf, &r), CKR_OK);
        assert_ptr_equal(r, &root_sev_snp_emulated);
    }
    look_genuine(f);
    f->conf.device = file; /* sysfs would say yes, but it is no device */
    assert_int_equal(root_select(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, &root_sev_snp_emulated);
}

static void test_select_auto_wants_hardware(void **state)
{
    struct fixture *f = *state;
    const struct root *r = NULL;
    char nothing[300];

    (void)snprintf(nothing, sizeof(nothing), "%s.absent", f->bench.device);
    f->conf.root = CONF_ROOT_AUTO;
    assert_int_equal(root_select(&f->conf, &r), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "takes only hardware"));
    f->conf.device = nothing;
    log_capture_clear();
    assert_int_equal(root_select(&f->conf, &r), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), nothing));
    assert_non_null(strstr(log_capture_text(), "modprobe sev-guest"));
    assert_non_null(strstr(log_capture_text(), "root = software"));
    assert_null(r);
    assert_int_equal(access(nothing, F_OK), -1);
}

static void test_select_out_of_range(void **state)
{
    struct fixture *f = *state;
    const struct root *r = NULL;

    f->conf.root = (enum conf_root)7;
    assert_int_equal(root_select(&f->conf, &r), CKR_ARGUMENTS_BAD);
    assert_null(r);
}

static void test_open_read_only_serves(void **state)
{
    struct fixture *f = *state;

    open_write_error = EACCES;
    (void)bound(f);
    open_write_error = EROFS;
    (void)bound(f);
}

static void test_open_errors_are_said(void **state)
{
    static const struct {
        int error;
        const char *text;
    } cases[] = {
        {ENXIO, "modprobe sev-guest"}, {EPERM, "DeviceAllow"}, {EMFILE, "too many files open"},
        {ENOENT, "no such device"},    {ELOOP, "symbolic"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        open_write_error = cases[i].error;
        log_capture_clear();
        assert_int_equal(emulated->probe(&f->conf), CKR_DEVICE_ERROR);
        assert_non_null(strstr(log_capture_text(), cases[i].text));
    }
}

/* ---- bind ---- */

static void test_bind_is_profile_a(void **state)
{
    struct fixture *f = *state;
    struct binding b;
    uint8_t expected[48] = {0xa1, 0xa2, 0xa3};

    set(f, "current_tcb=4.0.25.220\ncommitted_tcb=4.0.24.219\nreported_tcb=4.0.23.217\n");
    b = bound(f);
    assert_int_equal(b.kind, ROOT_SEV_SNP_EMULATED);
    assert_int_equal(b.root_key_select, 2);
    assert_int_equal(b.guest_field_select, 0x29);
    assert_int_equal(b.guest_svn, 0);
    assert_int_equal(b.vmpl, 0);
    assert_int_equal(b.tcb_version, UINT64_C(0xdb18000000000004));
    assert_int_equal(b.committed_tcb, b.tcb_version);
    assert_int_equal(b.current_tcb, UINT64_C(0xdc19000000000004));
    assert_int_equal(b.reported_tcb, UINT64_C(0xd917000000000004));
    assert_int_equal(b.policy, 0x30000);
    assert_int_equal(b.platform_info, 0x25);
    assert_memory_equal(b.measurement, expected, sizeof(expected));
    assert_int_equal(b.chip_id[0], 1);
    assert_true(mem_is_zero(b.key_id, sizeof(b.key_id)));
    assert_int_equal(binding_allowed(&f->conf, emulated, &b), CKR_OK);
}

static void test_bind_every_report(void **state)
{
    static const struct {
        const char *lines;
        uint8_t version, family, model;
        uint64_t tcb;
    } cases[] = {
        {"product=milan\nreport_version=2\n", 2, 0, 0, UINT64_C(0xdb18000000000004)},
        {"product=milan\n", 3, 0x19, 0x01, UINT64_C(0xdb18000000000004)},
        {"product=milan\nreport_version=4\n", 4, 0x19, 0x01, UINT64_C(0xdb18000000000004)},
        {"product=genoa\n", 5, 0x19, 0x11, UINT64_C(0x541700000000000a)},
        {"product=turin\n", 5, 0x1a, 0x02, UINT64_C(0x5100000004010101)},
    };
    struct fixture *f = *state;
    uint8_t key[ROOT_KEY_BYTES];

    set(f, "chip=010203040506070809\n");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct binding b;

        set(f, cases[i].lines);
        b = bound(f);
        assert_int_equal(b.report_version, cases[i].version);
        assert_int_equal(b.cpuid_family, cases[i].family);
        assert_int_equal(b.cpuid_model, cases[i].model);
        assert_int_equal(b.tcb_version, cases[i].tcb);
        key_of(f, &b, key);
    }
}

static void test_bind_id_block(void **state)
{
    struct fixture *f = *state;
    struct binding b;

    set(f, "id_key_digest=11\nauthor_key_digest=22\nguest_svn=5\nfamily_id=33\nimage_id=44\n");
    b = bound(f);
    assert_int_equal(b.id_key_digest[0], 0x11);
    assert_int_equal(b.author_key_digest[0], 0x22);
    assert_int_equal(b.family_id[0], 0x33);
    assert_int_equal(b.image_id[0], 0x44);
    assert_int_equal(b.report_guest_svn, 5);
    assert_int_equal(b.key_info & SNP_KEY_INFO_AUTHOR_KEY, 1);
    assert_int_equal(b.guest_svn, 0);
}

static void test_bind_debug_is_refused(void **state)
{
    struct fixture *f = *state;
    struct binding now;

    set(f, "policy=0xb0000\n");
    assert_bind_fails(f, "DEBUG allowed");
    assert_int_equal(emulated->current(&f->conf, &now), CKR_OK);
    assert_int_equal(now.policy, 0xb0000);
}

static void test_bind_spoilt_report_is_refused(void **state)
{
    static const struct {
        const char *lines, *why;
    } cases[] = {
        {"fail=report-data\n", "REPORT_DATA"},
        {"fail=report-vmpl\n", "VMPL"},
        {"fail=report-size\n", "1183 bytes"},
        {"fail=zero\n", "version is unknown"},
        {"fail=silent\n", "0 bytes"},
        {"fail=status:0x16\n", "status 0x16"},
        {"fail=none\nreport_version=1\n", "version is unknown"},
        {"report_version=6\n", "update tee-pkcs11"},
        {"report_version=255\n", "update tee-pkcs11"},
        {"report_version=3\ncommitted_tcb=0x10000\n", "committed TCB is malformed"},
        {"product=turin\nchip=0102\nreport_version=2\n", "Turin"},
        {"product=turin\ncommitted_tcb=0x100000000\n", "committed TCB is malformed"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        set(f, cases[i].lines);
        assert_bind_fails(f, cases[i].why);
    }
}

/* ---- derive: which key ---- */

static void test_same_key_again(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t first[ROOT_KEY_BYTES];
    uint8_t again[ROOT_KEY_BYTES];

    key_of(f, &b, first);
    key_of(f, &b, again);
    assert_memory_equal(first, again, sizeof(first));
}

/* What must not change the key of an old binding. */
static void test_key_is_stable(void **state)
{
    static const char *const events[] = {
        "launch=1\n",
        "tcb=4.0.24.220\n", /* microcode update */
        "tcb=5.1.30.221\n", /* all of the firmware */
        "reported_tcb=4.0.20.200\n",
        "vlek_loaded=1\n",
        "vlek_loaded=0\nmask_chip_id=1\n",
        "platform_info=0x65\n",
        "family_id=01\nimage_id=02\nguest_svn=9\n",
        "report_version=5\n",
        "has_key_select=1\nmax_msg_version=2\n",
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t first[ROOT_KEY_BYTES];
    uint8_t again[ROOT_KEY_BYTES];

    key_of(f, &b, first);
    for (size_t i = 0; i < N_ELEMENTS(events); i++) {
        set(f, events[i]);
        key_of(f, &b, again);
        assert_memory_equal(first, again, sizeof(first));
    }
}

/* What must change it, each on its own; and back again. */
static void test_key_differs(void **state)
{
    static const struct {
        const char *there, *back;
    } events[] = {
        {"chip=02\n", "chip=01\n"},
        {"measurement=a1a2a4\n", "measurement=a1a2a3\n"},
        {"policy=0xb0000\n", "policy=0x30000\n"},
        {"policy=0x3001f\n", "policy=0x30000\n"},
        {"host_data=01\n", "host_data=\n"},
        {"id_key_digest=01\n", "id_key_digest=\n"},
        {"id_key_digest=01\nauthor_key_digest=01\n", "id_key_digest=\nauthor_key_digest=\n"},
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t keys[N_ELEMENTS(events) + 1][ROOT_KEY_BYTES];
    uint8_t again[ROOT_KEY_BYTES];

    key_of(f, &b, keys[0]);
    for (size_t i = 0; i < N_ELEMENTS(events); i++) {
        set(f, events[i].there);
        key_of(f, &b, keys[i + 1]);
        for (size_t j = 0; j <= i; j++)
            assert_memory_not_equal(keys[j], keys[i + 1], sizeof(keys[j]));
        set(f, events[i].back);
        key_of(f, &b, again);
        assert_memory_equal(keys[0], again, sizeof(again));
    }
}

static void test_new_tcb_new_key(void **state)
{
    struct fixture *f = *state;
    const struct binding before = bound(f);
    struct binding after;
    uint8_t a[ROOT_KEY_BYTES];
    uint8_t b[ROOT_KEY_BYTES];

    set(f, "tcb=4.0.24.220\n");
    after = bound(f);
    assert_int_equal(tcb_compare(binding_tcb_layout(&after), before.tcb_version, after.tcb_version),
                     TCB_LESS);
    key_of(f, &before, a);
    key_of(f, &after, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_rollback_is_refused(void **state)
{
    static const char *const rollbacks[] = {
        "tcb=4.0.24.218\n",
        "tcb=4.0.23.219\n",
        "tcb=3.0.24.219\n",
        "tcb=3.9.99.255\n",                           /* greater as a number */
        "tcb=4.0.24.219\ncommitted_tcb=4.0.24.218\n", /* running, but not committed */
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t key[ROOT_KEY_BYTES];

    for (size_t i = 0; i < N_ELEMENTS(rollbacks); i++) {
        set(f, rollbacks[i]);
        assert_derive_fails(f, emulated, &b, "rolled back");
    }
    set(f, "tcb=4.0.24.219\n");
    key_of(f, &b, key);
}

static void test_vmpl_is_mixed_and_bounded(void **state)
{
    struct fixture *f = *state;
    struct binding at0 = bound(f);
    struct binding at1;
    uint8_t a[ROOT_KEY_BYTES];
    uint8_t b[ROOT_KEY_BYTES];

    key_of(f, &at0, a);
    f->conf.vmpl = 1;
    at1 = bound(f);
    assert_int_equal(at1.vmpl, 1);
    key_of(f, &at1, b);
    assert_memory_not_equal(a, b, sizeof(a));
    set(f, "vmpck=2\n");
    assert_derive_fails(f, emulated, &at1, "VMPL");
}

/* ---- derive: what is refused ---- */

static void test_host_without_vcek(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);

    set(f, "mask_chip_key=1\n");
    assert_derive_fails(f, emulated, &b, "MASK_CHIP_KEY");
    /* a VLEK in its place is no way out */
    set(f, "mask_chip_key=0\nvcek_disabled=1\nvlek_loaded=1\n");
    assert_derive_fails(f, emulated, &b, "VCEK_DIS");
    set(f, "vcek_disabled=0\nhas_key_select=0\n");
    assert_derive_fails(f, emulated, &b, "1.54");
}

static void test_useless_keys_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);

    set(f, "fail=zero\n");
    assert_derive_fails(f, emulated, &b, "all-zero key");
    set(f, "fail=silent\n");
    assert_derive_fails(f, emulated, &b, "all-zero key");
}

static void test_status_is_checked(void **state)
{
    static const struct {
        const char *lines, *why;
    } cases[] = {
        {"fail=status:0x16\n", "status 0x16"},
        {"fail=status:0x27\n", "status 0x27"},
        {"fail=status:0x99\n", "status 0x99"},
        {"fail=status:1\n", "status 0x1"},
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        set(f, cases[i].lines);
        assert_derive_fails(f, emulated, &b, cases[i].why);
    }
}

static void test_driver_errors_are_said(void **state)
{
    static const struct {
        const char *lines, *why;
        bool kills;
    } cases[] = {
        {"fail=busy\n", "throttles requests", true},
        {"fail=timeout\n", "throttled the request for a minute", true},
        {"fail=ebadmsg\n", "not authentic", true},
        {"fail=enosr\n", "sequence numbers", true},
        {"fail=enomem\n", "out of memory", false},
        {"fail=efault\n", "could not reach the request", false},
        {"fail=einval\n", "malformed", false},
        {"fail=eio:0x16\n", "does not know the message", true},
        {"fail=eio:0x1d\n", "overflown", true},
        {"fail=eio:0x27\n", "INVALID_KEY", true},
        {"fail=eio:0xff\n", "did not reach the firmware", true},
        {"fail=eio:0xffffffff\n", "GHCB", true},
        {"fail=eio:0x100000000\n", "certificates", true},
        {"fail=eio:0xffffffff00000000\n", "failed to pass it on", true},
        {"fail=eio:0x4200000043\n", "errno 5, firmware error 0x43, host error 0x42", true},
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        set(f, "reload=1\n");
        set(f, cases[i].lines);
        assert_derive_fails(f, emulated, &b, cases[i].why);
        set(f, "fail=none\n");
        if (cases[i].kills)
            assert_derive_fails(f, emulated, &b, "it answered before");
    }
}

/* One failed request is one request: nothing is sent again on its own. */
static void test_no_retry(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    const unsigned long long before = snp_bench_requests(&f->bench);
    uint8_t key[ROOT_KEY_BYTES];

    set(f, "fail=enomem\nfail_times=1\n");
    assert_derive_fails(f, emulated, &b, "out of memory");
    assert_int_equal(snp_bench_requests(&f->bench), before + 1);
    key_of(f, &b, key);
}

static void test_slow_host_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t quick[ROOT_KEY_BYTES];
    uint8_t slow[ROOT_KEY_BYTES];

    key_of(f, &b, quick);
    set(f, "delay_ms=300\n");
    key_of(f, &b, slow);
    assert_memory_equal(quick, slow, sizeof(quick));
}

/* A binding that is not profile A never reaches the device. */
static void test_profile_before_device(void **state)
{
    struct fixture *f = *state;
    const struct binding good = bound(f);
    struct binding bad[8];
    const unsigned long long before = snp_bench_requests(&f->bench);

    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        bad[i] = good;
    bad[0].root_key_select = 0;
    bad[1].root_key_select = 4;
    bad[2].guest_field_select = 0x09;
    bad[3].guest_field_select = 0;
    bad[4].guest_field_select = 0x3f;
    bad[5].guest_svn = 1;
    bad[6].vmpl = 1;
    bad[7].tcb_version |= UINT64_C(1) << 24;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_derive_fails(f, emulated, &bad[i], "the device was not asked");
    bad[0] = good;
    bad[0].kind = ROOT_SEV_SNP;
    assert_derive_fails(f, emulated, &bad[0], "belongs to a sev-snp root");
    assert_derive_fails(f, &root_sev_snp, &good, "belongs to a sev-snp-emulated root");
    bad[0].kind = ROOT_SOFTWARE;
    assert_derive_fails(f, emulated, &bad[0], "belongs to a software root");
    assert_int_equal(snp_bench_requests(&f->bench), before);
}

/* The right binding and root, but another node stands at the path now. */
static void test_device_swapped(void **state)
{
    struct fixture *f = *state;
    char *file = f->conf.device;
    struct binding genuine = bound(f);
    struct binding other = genuine;
    unsigned long long before;
    uint8_t a[ROOT_KEY_BYTES];
    AUTO(secret_freep) struct secret *key = NULL;

    genuine.kind = ROOT_SEV_SNP;
    key_of(f, &other, a);
    before = snp_bench_requests(&f->bench);
    assert_derive_fails(f, &root_sev_snp, &genuine, "is a sev-snp-emulated device");
    look_genuine(f);
    assert_derive_fails(f, emulated, &other, "is a sev-snp device");
    assert_int_equal(snp_bench_requests(&f->bench), before);
    assert_int_equal(root_sev_snp.derive(&f->conf, &genuine, &key), CKR_OK);
    assert_memory_equal(key->p, a, sizeof(a));
    assert_int_equal(root_sev_snp.bind(&f->conf, false, &genuine), CKR_OK);
    assert_int_equal(genuine.kind, ROOT_SEV_SNP);
    f->conf.device = file;
    assert_int_equal(root_sev_snp.bind(&f->conf, false, &genuine), CKR_DEVICE_ERROR);
}

/* ---- report, current ---- */

static void test_report_is_appended(void **state)
{
    AUTO(buf_clear) struct buf out = BUF_INIT;
    struct fixture *f = *state;
    uint8_t data[ROOT_REPORT_DATA_BYTES];

    memset(data, 0xd5, sizeof(data));
    buf_u8(&out, 0x77);
    assert_int_equal(emulated->report(&f->conf, data, &out, NULL), CKR_OK);
    assert_int_equal(out.n, 1 + ROOT_REPORT_BYTES);
    assert_int_equal(out.p[0], 0x77);
    assert_int_equal(out.p[1], 3);
    assert_memory_equal(out.p + 1 + SNP_REPORT_REPORT_DATA, data, sizeof(data));
    set(f, "fail=report-data\n");
    assert_int_equal(emulated->report(&f->conf, data, &out, NULL), CKR_DEVICE_ERROR);
    assert_int_equal(out.n, 1 + ROOT_REPORT_BYTES);
}

static void test_current_is_bind(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    struct binding now = {0};

    assert_int_equal(emulated->current(&f->conf, &now), CKR_OK);
    assert_int_equal(now.kind, b.kind);
    assert_int_equal(now.tcb_version, b.tcb_version);
    assert_memory_equal(now.measurement, b.measurement, sizeof(b.measurement));
}

/* ---- threads and fork ---- */

struct deriver {
    struct fixture *fixture;
    struct binding binding;
    CK_RV rv;
    uint8_t key[ROOT_KEY_BYTES];
};

static void *derive_many(void *arg)
{
    struct deriver *d = arg;

    for (unsigned i = 0; i < 20 && d->rv == CKR_OK; i++) {
        AUTO(secret_freep) struct secret *key = NULL;

        d->rv = root_sev_snp_emulated.derive(&d->fixture->conf, &d->binding, &key);
        if (d->rv == CKR_OK)
            memcpy(d->key, key->p, sizeof(d->key));
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    struct deriver derivers[4];
    pthread_t threads[N_ELEMENTS(derivers)];

    for (size_t i = 0; i < N_ELEMENTS(derivers); i++) {
        derivers[i] = (struct deriver){.fixture = f, .binding = b, .rv = CKR_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, derive_many, &derivers[i]), 0);
    }
    for (size_t i = 0; i < N_ELEMENTS(derivers); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(derivers[i].rv, CKR_OK);
        assert_memory_equal(derivers[i].key, derivers[0].key, ROOT_KEY_BYTES);
    }
}

/* A child forked while another thread waits for the device can use it. */
static int child_derives(struct fixture *f, const struct binding *b)
{
    AUTO(secret_freep) struct secret *key = NULL;

    (void)alarm(20);
    /* the parent's emulator is locked for ever in this copy of it */
    if (!f->bench.fuse && !snp_wrap_start())
        return 2;
    return root_sev_snp_emulated.derive(&f->conf, b, &key) == CKR_OK ? 0 : 1;
}

static void test_fork_during_request(void **state)
{
    struct fixture *f = *state;
    struct deriver d = {.fixture = f, .binding = bound(f), .rv = CKR_OK};
    const unsigned long long before = snp_bench_requests(&f->bench);
    pthread_t thread;
    pid_t child;
    int status;

    set(f, "delay_ms=100\n");
    assert_int_equal(pthread_create(&thread, NULL, derive_many, &d), 0);
    while (snp_bench_requests(&f->bench) == before)
        (void)usleep(1000);
    (void)usleep(50000); /* the second of its requests is under way */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_derives(f, &d.binding));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    set(f, "delay_ms=0\n");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(d.rv, CKR_OK);
}

#define TEST(path, function)                                                                       \
    {                                                                                              \
        path, function, setup, teardown, NULL                                                      \
    }
int main(void)
{
    static const struct CMUnitTest tests[] = {
        /* must be first: no request of this process has been answered yet */
        TEST("/root/sev-snp/derive/enotty-before-any-answer", test_unanswered_enotty),
        TEST("/root/sev-snp/select/file-is-emulated", test_select_file_is_emulated),
        TEST("/root/sev-snp/select/auto-wants-hardware", test_select_auto_wants_hardware),
        TEST("/root/sev-snp/select/unknown-root-is-refused", test_select_out_of_range),
        TEST("/root/sev-snp/open/read-only-serves", test_open_read_only_serves),
        TEST("/root/sev-snp/open/errors-are-said", test_open_errors_are_said),
        TEST("/root/sev-snp/bind/is-profile-a-at-committed-tcb", test_bind_is_profile_a),
        TEST("/root/sev-snp/bind/every-report-version", test_bind_every_report),
        TEST("/root/sev-snp/bind/id-block", test_bind_id_block),
        TEST("/root/sev-snp/bind/debug-policy-is-refused", test_bind_debug_is_refused),
        TEST("/root/sev-snp/bind/spoilt-report-is-refused", test_bind_spoilt_report_is_refused),
        TEST("/root/sev-snp/derive/same-binding-same-key", test_same_key_again),
        TEST("/root/sev-snp/derive/stable-across-updates", test_key_is_stable),
        TEST("/root/sev-snp/derive/differs-by-chip-image-policy-host", test_key_differs),
        TEST("/root/sev-snp/derive/new-tcb-new-key", test_new_tcb_new_key),
        TEST("/root/sev-snp/derive/rollback-is-refused", test_rollback_is_refused),
        TEST("/root/sev-snp/derive/vmpl-is-mixed-and-bounded", test_vmpl_is_mixed_and_bounded),
        TEST("/root/sev-snp/derive/host-without-vcek-is-said", test_host_without_vcek),
        TEST("/root/sev-snp/derive/zero-key-is-refused", test_useless_keys_are_refused),
        TEST("/root/sev-snp/derive/status-is-checked", test_status_is_checked),
        TEST("/root/sev-snp/derive/driver-errors-are-said", test_driver_errors_are_said),
        TEST("/root/sev-snp/derive/nothing-is-sent-twice", test_no_retry),
        TEST("/root/sev-snp/derive/slow-host-is-waited-for", test_slow_host_is_waited_for),
        TEST("/root/sev-snp/derive/profile-is-checked-before-the-device",
             test_profile_before_device),
        TEST("/root/sev-snp/report/is-appended-and-checked", test_report_is_appended),
        TEST("/root/sev-snp/current/says-what-bind-says", test_current_is_bind),
        TEST("/root/sev-snp/threads/share-the-device", test_threads),
        TEST("/root/sev-snp/threads/fork-during-a-request", test_fork_during_request),
    };
    /* What looks like the kernel's node here is /dev/null: only the wrapped ioctl answers on it. */
    static const struct CMUnitTest node_tests[] = {
        TEST("/root/sev-snp/select/kernel-node-is-genuine", test_select_kernel_node_is_genuine),
        TEST("/root/sev-snp/select/every-mark-of-the-node", test_select_marks_of_the_node),
        TEST("/root/sev-snp/derive/swapped-device-is-refused", test_device_swapped),
    };
    int failed = cmocka_run_group_tests_name("root-sev-snp", tests, NULL, NULL);

    if (getenv("SNP_EMULATOR_MOUNT") == NULL)
        failed += cmocka_run_group_tests_name("root-sev-snp-node", node_tests, NULL, NULL);
    return failed;
}
