/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-root-profile.c - what the owner can choose about the SEV-SNP root: binding, endorsement,
 * floors, and where reports come from (device or configfs-tsm), over the wrapped ioctl.
 *
 * Link with -Wl,--wrap=ioctl,--wrap=log_err and those of tsm_wrap.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_capture.h"
#include "root/root.h"
#include "root/snp_abi.h"
#include "root/snp_error.h"
#include "snp_bench.h"
#include "snp_wrap.h"
#include "tsm_wrap.h"

struct fixture {
    struct snp_bench bench;
    struct conf conf;
    char tsm[64];
};

static const struct root *const emulated = &root_sev_snp_emulated;

/* An ID block of the owner: ID key 1d.., no author key, SVN 3. */
#define OWNED "id_key_digest=1d1d1d\nguest_svn=3\nfamily_id=fa\nimage_id=1a\n"

static void say_digest(struct conf_digest *d, uint8_t first)
{
    memset(d, 0, sizeof(*d));
    d->said = true;
    memset(d->v, first, 3);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    snp_bench_open(&f->bench);
    f->conf.root = CONF_ROOT_SEV_SNP;
    f->conf.device = f->bench.device;
    (void)snprintf(f->tsm, sizeof(f->tsm), "/tmp/tee-tsm-XXXXXX");
    assert_non_null(mkdtemp(f->tsm));
    f->conf.tsm = f->tsm;
    tsm_wrap_start(f->tsm);
    log_capture_clear();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(tsm_wrap_entries(), 0);
    tsm_wrap_start(NULL);
    (void)rmdir(f->tsm);
    snp_bench_close(&f->bench);
    free(f);
    return 0;
}

static int setup_owner(void **state)
{
    struct fixture *f;

    (void)setup(state);
    f = *state;
    f->conf.binding = CONF_BINDING_OWNER;
    say_digest(&f->conf.id_key_digest, 0x1d);
    snp_bench_set(&f->bench, OWNED);
    return 0;
}

static void set(struct fixture *f, const char *lines)
{
    snp_bench_set(&f->bench, lines);
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
    memcpy(ret, key->p, ROOT_KEY_BYTES);
}

static void assert_same_key(struct fixture *f, const struct binding *b, const uint8_t *expected)
{
    uint8_t key[ROOT_KEY_BYTES];

    key_of(f, b, key);
    assert_memory_equal(key, expected, sizeof(key));
}

static void assert_bind_fails(struct fixture *f, const char *why)
{
    struct binding b;

    log_capture_clear();
    assert_int_equal(emulated->bind(&f->conf, false, &b), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), why));
}

static void assert_derive_fails(struct fixture *f, const struct binding *b, const char *why)
{
    AUTO(secret_freep) struct secret *key = NULL;

    log_capture_clear();
    assert_int_equal(emulated->derive(&f->conf, b, &key), CKR_DEVICE_ERROR);
    assert_null(key);
    assert_non_null(strstr(log_capture_text(), why));
}

/* -- binding = owner ------------------------------------------------------------------------- */

static void owner_is_profile_b(void **state)
{
    const struct binding b = bound(*state);

    assert_int_equal(b.root_key_select, SNP_KEY_SELECT_VCEK);
    assert_int_equal(b.guest_field_select, 0x37);
    assert_int_equal(b.guest_svn, 3);
    assert_int_equal(b.tcb_version, b.committed_tcb);
}

static void owner_images_share_the_key(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t key[ROOT_KEY_BYTES];

    key_of(f, &b, key);
    set(f, "measurement=b1b2b3\nlaunch=1");
    assert_same_key(f, &b, key);
    set(f, "guest_svn=5"); /* a newer image computes the older key */
    assert_same_key(f, &b, key);
    assert_int_equal(bound(f).guest_svn, 5);
    set(f, "guest_svn=2"); /* an older image does not */
    assert_derive_fails(f, &b, "inputs-refused");
}

static void owner_key_differs(void **state)
{
    static const char *const changes[] = {"image_id=1b", "family_id=fb", "policy=0x20000",
                                          "host_data=77"};
    struct fixture *f = *state;
    const struct binding b = bound(f);
    uint8_t key[ROOT_KEY_BYTES], other[ROOT_KEY_BYTES];

    key_of(f, &b, key);
    for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
        set(f, changes[i]);
        key_of(f, &b, other);
        assert_memory_not_equal(key, other, sizeof(key));
        set(f, OWNED "policy=0x30000\nhost_data=");
    }
    assert_same_key(f, &b, key);
}

/* Without the owner's ID block the same request would give everybody's key: none is asked for. */
static void owner_is_checked_before_the_key(void **state)
{
    static const struct {
        const char *launch, *why;
    } cases[] = {
        {"id_key_digest=", "without an ID block"},
        {"id_key_digest=2d2d2d", "not the one of id-key-digest"},
        {"author_key_digest=aaaaaa", "names none"},
    };
    struct fixture *f = *state;
    const struct binding b = bound(f);

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const unsigned long long before = snp_bench_requests(&f->bench);

        set(f, cases[i].launch);
        assert_derive_fails(f, &b, cases[i].why);
        assert_int_equal(snp_bench_requests(&f->bench) - before, 1); /* the report alone */
        assert_bind_fails(f, cases[i].why);
        set(f, OWNED "author_key_digest=");
    }
    f->conf.id_key_digest.said = false;
    assert_bind_fails(f, "whose ID block");
}

static void owner_by_author_key(void **state)
{
    struct fixture *f = *state;
    struct binding b;
    uint8_t key[ROOT_KEY_BYTES];

    f->conf.id_key_digest.said = false;
    say_digest(&f->conf.author_key_digest, 0xaa);
    assert_bind_fails(f, "has no author key");
    set(f, "author_key_digest=abab");
    assert_bind_fails(f, "not the one of author-key-digest");
    set(f, "author_key_digest=aaaaaa");
    b = bound(f);
    key_of(f, &b, key);
    set(f, "id_key_digest=2d2d2d"); /* the ID key may be replaced below the same author */
    assert_same_key(f, &b, key);
    say_digest(&f->conf.id_key_digest, 0x1d); /* unless its digest is given too */
    assert_derive_fails(f, &b, "not the one of id-key-digest");
}

static void owner_and_image_do_not_mix(void **state)
{
    struct fixture *f = *state;
    const struct binding owner = bound(f);
    struct binding image;

    f->conf.binding = CONF_BINDING_IMAGE;
    image = bound(f);
    assert_int_equal(image.guest_svn, 0);
    assert_derive_fails(f, &owner, "as binding = image does");
    f->conf.binding = CONF_BINDING_OWNER;
    assert_derive_fails(f, &image, "as binding = owner does");
}

/* -- endorsement = vlek ---------------------------------------------------------------------- */

static void vlek_is_asked_for_by_name(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct binding vcek = bound(f), vlek;
    uint8_t key[ROOT_KEY_BYTES], chip_key[ROOT_KEY_BYTES];

    key_of(f, &vcek, chip_key);
    f->conf.endorsement = CONF_ENDORSEMENT_VLEK;
    vlek = bound(f);
    assert_int_equal(vlek.root_key_select, SNP_KEY_SELECT_VLEK);
    assert_derive_fails(f, &vlek, "has no VLEK loaded");
    set(f, "vlek_loaded=1");
    key_of(f, &vlek, key);
    set(f, "chip=02"); /* not the chip's own: that is what makes it less */
    assert_same_key(f, &vlek, key);
    binding_describe(&vlek, &text);
    buf_u8(&text, 0);
    assert_non_null(strstr((char *)text.p, "VLEK, which other chips share"));
    set(f, "chip=01");
    assert_derive_fails(f, &vcek, "endorsement = vlek");
    f->conf.endorsement = CONF_ENDORSEMENT_VCEK; /* a loaded VLEK changes nothing for a VCEK */
    assert_same_key(f, &vcek, chip_key);
    assert_derive_fails(f, &vlek, "endorsement = vcek");
}

/* -- floors ---------------------------------------------------------------------------------- */

static void floors_hold_before_the_device(void **state)
{
    struct fixture *f = *state;
    const struct binding b = bound(f); /* 4.0.24.219, SVN 3 */
    unsigned long long before;

    f->conf.min_tcb = (struct conf_tcb){.v = {4, 0, 24, 219}, .n = 4};
    f->conf.min_guest_svn = 3;
    bound(f);
    before = snp_bench_requests(&f->bench);
    f->conf.min_guest_svn = 4;
    assert_derive_fails(f, &b, "min-guest-svn");
    f->conf.min_guest_svn = 0;
    f->conf.min_tcb.v[2] = 25;
    assert_derive_fails(f, &b, "min-tcb");
    f->conf.min_tcb = (struct conf_tcb){.v = {5, 0, 0, 0}, .n = 4}; /* per component */
    assert_derive_fails(f, &b, "min-tcb");
    f->conf.min_tcb.n = 5;
    assert_derive_fails(f, &b, "number of components");
    assert_int_equal(snp_bench_requests(&f->bench), before);
}

static void floors_hold_for_new_seals(void **state)
{
    struct fixture *f = *state;

    f->conf.min_guest_svn = 4;
    assert_bind_fails(f, "guest SVN 3, below the floor of 4");
    f->conf.binding = CONF_BINDING_IMAGE; /* the launch has an SVN there too */
    assert_bind_fails(f, "guest SVN 3, below the floor of 4");
    set(f, "guest_svn=4");
    bound(f);
}

static void floors_of_turin(void **state)
{
    struct fixture *f = *state;
    struct binding b;

    set(f, "product=turin\nchip=0102030405060708");
    b = bound(f); /* 1.1.1.4.81 */
    f->conf.min_tcb = (struct conf_tcb){.v = {1, 1, 1, 4, 81}, .n = 5};
    assert_int_equal(binding_allowed(&f->conf, emulated, &b), CKR_OK);
    f->conf.min_tcb.v[3] = 5;
    assert_derive_fails(f, &b, "min-tcb");
}

/* -- moving on ------------------------------------------------------------------------------- */

static void moves_forward_only(void **state)
{
    struct fixture *f = *state;
    const struct binding sealed = bound(f);
    struct binding now = sealed;

    assert_false(binding_moved_on(&sealed, &now));
    now.guest_svn = 4;
    assert_true(binding_moved_on(&sealed, &now));
    now.guest_svn = 2;
    assert_false(binding_moved_on(&sealed, &now));
    now.tcb_version += 1; /* the boot loader up and the SVN down */
    assert_false(binding_moved_on(&sealed, &now));
    now.guest_svn = 3;
    assert_true(binding_moved_on(&sealed, &now));
    now.tcb_version -= UINT64_C(1) << 48; /* the SNP firmware down */
    assert_false(binding_moved_on(&sealed, &now));
    now.guest_svn = 9;
    assert_false(binding_moved_on(&sealed, &now));
}

static void assert_explained(const struct binding *sealed, const struct binding *now,
                             const char *why)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    binding_explain(sealed, now, &text);
    buf_u8(&text, 0);
    assert_int_equal(buf_ok(&text), CKR_OK);
    if (strstr((char *)text.p, why) == NULL)
        fail_msg("'%s' is not in '%s'", why, (char *)text.p);
}

static void explains_what_a_key_depends_on(void **state)
{
    struct fixture *f = *state;
    const struct binding sealed = bound(f);
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct binding now = sealed;

    now.measurement[0] ^= 1; /* does not matter to an owner's key */
    binding_explain(&sealed, &now, &text);
    assert_int_equal(text.n, 0);
    now.report_guest_svn = 1;
    assert_explained(&sealed, &now, "sealed at guest SVN 3, this image is launched with 1");
    now.image_id[0] ^= 1;
    assert_explained(&sealed, &now, "sealed to image identity");
    now.family_id[0] ^= 1;
    assert_explained(&sealed, &now, "sealed to family");
    now.key_info |= SNP_KEY_INFO_MASK_CHIP_KEY;
    assert_explained(&sealed, &now, "MASK_CHIP_KEY");
    now.guest_field_select = SNP_FIELDS_IMAGE;
    assert_explained(&sealed, &now, "sealed with binding = owner, configured is binding = image");
    now.root_key_select = SNP_KEY_SELECT_VLEK;
    assert_explained(&sealed, &now, "sealed with endorsement = vcek");
    now.reported_tcb++;
    assert_explained(&now, &sealed, "the cloud's VLEK for TCB");
}

/* -- reports --------------------------------------------------------------------------------- */

struct answer {
    struct buf report, certificates;
};

static void answer_clear(struct answer *a)
{
    buf_clear(&a->report);
    buf_clear(&a->certificates);
}

static CK_RV ask(struct fixture *f, uint8_t first, struct answer *ret)
{
    uint8_t data[ROOT_REPORT_DATA_BYTES];

    memset(data, first, sizeof(data));
    answer_clear(ret);
    return emulated->report(&f->conf, data, &ret->report, &ret->certificates);
}

static void assert_ask_fails(struct fixture *f, const char *why)
{
    AUTO(answer_clear) struct answer a = {BUF_INIT, BUF_INIT};

    log_capture_clear();
    assert_int_equal(ask(f, 1, &a), CKR_DEVICE_ERROR);
    assert_int_equal(a.report.n + a.certificates.n, 0);
    if (strstr(log_capture_text(), why) == NULL)
        fail_msg("'%s' is not in '%s'", why, log_capture_text());
}

static void report_without_certificates(void **state)
{
    AUTO(answer_clear) struct answer a = {BUF_INIT, BUF_INIT};
    struct fixture *f = *state;
    const unsigned long long before = snp_bench_requests(&f->bench);

    assert_int_equal(ask(f, 0xd5, &a), CKR_OK);
    assert_int_equal(a.report.n, ROOT_REPORT_BYTES);
    assert_int_equal(a.report.p[SNP_REPORT_REPORT_DATA], 0xd5);
    assert_int_equal(a.certificates.n, 0);
    assert_int_equal(snp_bench_requests(&f->bench) - before, 1);
}

static const uint8_t vcek_guid[] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                    0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
static const uint8_t vcek_guid_mixed[] = {0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45,
                                          0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};

static void report_with_certificates(void **state)
{
    AUTO(answer_clear) struct answer a = {BUF_INIT, BUF_INIT};
    struct fixture *f = *state;
    const unsigned long long before = snp_bench_requests(&f->bench);

    set(f, "certificates=1");
    assert_int_equal(ask(f, 1, &a), CKR_OK);
    assert_int_equal(snp_bench_requests(&f->bench) - before, 2); /* how much room; the answer */
    assert_int_equal(a.report.n, ROOT_REPORT_BYTES);
    assert_true(a.certificates.n >= 4096 && a.certificates.n % 4096 == 0);
    assert_memory_equal(a.certificates.p, vcek_guid, sizeof(vcek_guid));
    set(f, "guid_mixed=1");
    assert_int_equal(ask(f, 1, &a), CKR_OK);
    assert_memory_equal(a.certificates.p, vcek_guid_mixed, sizeof(vcek_guid_mixed));
}

/* A host that asks for more than the driver can pass on, or for more each time. */
static void report_room_is_bounded(void **state)
{
    struct fixture *f = *state;
    unsigned long long before;

    set(f, "certs_need=20480");
    before = snp_bench_requests(&f->bench);
    assert_ask_fails(f, "wants 20480 bytes of room");
    assert_int_equal(snp_bench_requests(&f->bench) - before, 1);
    set(f, "certs_need=1000");
    assert_ask_fails(f, "wants 1000 bytes of room");
    set(f, "certs_need=4096\ncerts_grow=1");
    before = snp_bench_requests(&f->bench);
    assert_ask_fails(f, "change its mind");
    assert_int_equal(snp_bench_requests(&f->bench) - before, 4);
    set(f, "certs_need=0\ncerts_grow=0");
}

/* -- configfs-tsm ---------------------------------------------------------------------------- */

static void tsm_makes_reports(void **state)
{
    AUTO(answer_clear) struct answer device = {BUF_INIT, BUF_INIT};
    AUTO(answer_clear) struct answer tsm = {BUF_INIT, BUF_INIT};
    struct fixture *f = *state;

    set(f, "certificates=1");
    assert_int_equal(ask(f, 0x42, &device), CKR_OK);
    f->conf.reports = CONF_REPORTS_TSM;
    assert_int_equal(ask(f, 0x42, &tsm), CKR_OK);
    /* the same statement about the same VM; an ECDSA signature differs each time */
    assert_memory_equal(tsm.report.p, device.report.p, SNP_REPORT_SIGNATURE);
    assert_memory_equal(tsm.certificates.p, vcek_guid, sizeof(vcek_guid));
    f->conf.vmpl = 2;
    assert_int_equal(ask(f, 0x42, &tsm), CKR_OK);
    assert_int_equal(tsm.report.p[SNP_REPORT_VMPL], 2);
    assert_int_equal(tsm_wrap_entries(), 0);
}

static void tsm_where_the_device_is_missing(void **state)
{
    static char missing[] = "/nonexistent/sev-guest";
    AUTO(answer_clear) struct answer a = {BUF_INIT, BUF_INIT};
    const struct root *r = NULL;
    struct fixture *f = *state;

    f->conf.device = missing;
    assert_int_equal(root_select_report(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, emulated);
    assert_int_equal(ask(f, 9, &a), CKR_OK);
    f->conf.reports = CONF_REPORTS_DEVICE;
    assert_ask_fails(f, "no-device");
    f->conf.reports = CONF_REPORTS_AUTO;
    f->conf.root = CONF_ROOT_AUTO; /* a plain directory is not the kernel's */
    assert_int_equal(root_select_report(&f->conf, &r), CKR_DEVICE_ERROR);
}

static void tsm_failures_are_said(void **state)
{
    static const struct {
        int error;
        const char *why;
    } cases[] = {{ENXIO, "no-provider"},   {EBUSY, "device-busy"},   {EINVAL, "inputs-refused"},
                 {ETIMEDOUT, "throttled"}, {EFBIG, "too-large"},     {EIO, "request-lost"},
                 {EWOULDBLOCK, "raced"},   {EACCES, "no-permission"}};
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf out = BUF_INIT;
    const uint8_t data[ROOT_REPORT_DATA_BYTES] = {0};

    f->conf.reports = CONF_REPORTS_TSM;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        tsm_wrap_say("sev_guest", cases[i].error, false);
        assert_ask_fails(f, cases[i].why);
    }
    tsm_wrap_say("tdx_guest", 0, false);
    assert_ask_fails(f, "another provider");
    tsm_wrap_say("sev_guest", 0, true);
    assert_ask_fails(f, "somebody else wrote there");
    tsm_wrap_say("sev_guest", 0, false);
    /* no report of an emulated directory passes for one of the kernel's */
    log_capture_clear();
    assert_int_equal(root_sev_snp.report(&f->conf, data, &out, NULL), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "a sev-snp report is needed"));
    f->conf.tsm = f->bench.device;
    assert_ask_fails(f, "no report");
}

/* -- every refusal has a name ---------------------------------------------------------------- */

static void errors_have_names(void **state)
{
    static const struct {
        int error;
        uint32_t fw, vmm;
        const char *name;
    } cases[] = {
        {ETIMEDOUT, 0xff, 0, "throttled"},
        {EIO, 0, 2, "throttled"},
        {EBADMSG, 0, 0, "answer-forged"},
        {ENOSR, 0, 0, "sequence-exhausted"},
        {EIO, 0x1d, 0, "sequence-exhausted"},
        {EINVAL, 0, 0, "request-malformed"},
        {EFAULT, 0, 0, "request-unreadable"},
        {ENOMEM, 0, 0, "no-memory"},
        {EIO, 0xff, 0, "request-lost"},
        {EIO, 0, 0, "request-lost"},
        {EIO, 0, 1, "certificates-need-room"},
        {EIO, 0, UINT32_MAX, "host-failed"},
        {EIO, UINT32_MAX, 0, "host-unreachable"},
        {EIO, 0x16, 0, "message-unknown"},
        {EIO, 0x27, 0, "channel-key-refused"},
        {EIO, 0x10, 0, "guest-unknown"},
        {EIO, 0x0b, 0, "message-rejected"},
        {ENODEV, 0, 0, "no-driver"},
        {EDOM, 0, 0, "unknown-error"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), ": %s: ", cases[i].name);
        log_capture_clear();
        assert_int_equal(
            snp_error_ioctl("/dev/x", "key", cases[i].error, cases[i].fw, cases[i].vmm, false),
            CKR_DEVICE_ERROR);
        if (strstr(log_capture_text(), name) == NULL)
            fail_msg("'%s' is not in '%s'", name, log_capture_text());
    }
    log_capture_clear();
    assert_int_equal(snp_error_ioctl("/dev/x", "key", ENOTTY, 0, 0, true), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), ": vmpck-lost: "));
    log_capture_clear();
    assert_int_equal(snp_error_status("/dev/x", "key", 0x16), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), ": inputs-refused: "));
    log_capture_clear();
    assert_int_equal(snp_error_status("/dev/x", "key", 0x27), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), ": chip-key-refused: "));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }
#define OWNER_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, setup_owner, teardown, NULL                                                      \
    }

/* -- a program without standard descriptors --------------------------------------------------- */

static int ask_without_standard(struct fixture *f)
{
    AUTO(answer_clear) struct answer device = {BUF_INIT, BUF_INIT};
    AUTO(answer_clear) struct answer tsm = {BUF_INIT, BUF_INIT};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)close(fd);
    if (ask(f, 0x42, &device) != CKR_OK)
        return 1;
    f->conf.reports = CONF_REPORTS_TSM;
    if (ask(f, 0x42, &tsm) != CKR_OK)
        return 2;
    if (snp_wrap_lowest() <= STDERR_FILENO)
        return 3;
    return tsm_wrap_lowest() <= STDERR_FILENO ? 4 : 0;
}

static void devices_are_not_printed_to(void **state)
{
    const pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(ask_without_standard(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWNER_TEST("/root/owner/is-profile-b", owner_is_profile_b),
        OWNER_TEST("/root/owner/images-share-the-key", owner_images_share_the_key),
        OWNER_TEST("/root/owner/key-differs", owner_key_differs),
        OWNER_TEST("/root/owner/is-checked-before-the-key", owner_is_checked_before_the_key),
        OWNER_TEST("/root/owner/by-author-key", owner_by_author_key),
        OWNER_TEST("/root/owner/and-image-do-not-mix", owner_and_image_do_not_mix),
        TEST("/root/vlek/is-asked-for-by-name", vlek_is_asked_for_by_name),
        OWNER_TEST("/root/floors/hold-before-the-device", floors_hold_before_the_device),
        OWNER_TEST("/root/floors/hold-for-new-seals", floors_hold_for_new_seals),
        TEST("/root/floors/of-turin", floors_of_turin),
        OWNER_TEST("/root/moves/forward-only", moves_forward_only),
        OWNER_TEST("/root/explain/what-a-key-depends-on", explains_what_a_key_depends_on),
        TEST("/root/report/without-certificates", report_without_certificates),
        TEST("/root/report/with-certificates", report_with_certificates),
        TEST("/root/report/room-is-bounded", report_room_is_bounded),
        TEST("/root/tsm/makes-reports", tsm_makes_reports),
        TEST("/root/tsm/where-the-device-is-missing", tsm_where_the_device_is_missing),
        TEST("/root/tsm/failures-are-said", tsm_failures_are_said),
        TEST("/root/devices/not-printed-to", devices_are_not_printed_to),
        TEST("/root/error/has-a-name", errors_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
