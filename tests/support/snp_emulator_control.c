/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator_control.c - the emulator's state as lines "name=value", both ways.
 *
 * Byte fields are hex, padded with zeros on the right. Numbers are decimal or 0x...; a TCB may also
 * be four or five components from the boot loader (Turin: the FMC) on, "4.0.24.219". Switches are 0
 * or 1. Besides the fields: `tcb` sets current, committed and reported TCB at once, as a firmware
 * update with SNP_COMMIT does; `product`, `launch=1` (a new launch), `reload=1` (the driver with a
 * living VMPCK), `fail`, `fail_times`. `chip` is another name of `chip_id`.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "snp_emulator.h"

enum form { FORM_BYTES, FORM_U8, FORM_U32, FORM_U64, FORM_TCB, FORM_BOOL };

struct field {
    const char *name;
    enum form form;
    size_t offset, size;
    bool read_only;
};

#define FIELD(f, member)                                                                           \
    {                                                                                              \
#member, f, offsetof(struct snp_state, member),                                            \
            sizeof(((struct snp_state *)NULL)->member), false                                      \
    }
#define COUNT(member)                                                                              \
    {                                                                                              \
#member, FORM_U64, offsetof(struct snp_state, member),                                     \
            sizeof(((struct snp_state *)NULL)->member), true                                       \
    }

static const struct field fields[] = {
    FIELD(FORM_BYTES, chip_id),
    FIELD(FORM_TCB, current_tcb),
    FIELD(FORM_TCB, committed_tcb),
    FIELD(FORM_TCB, reported_tcb),
    FIELD(FORM_TCB, launch_tcb),
    FIELD(FORM_U8, report_version),
    FIELD(FORM_U8, max_msg_version),
    FIELD(FORM_BOOL, has_key_select),
    FIELD(FORM_BOOL, vlek_loaded),
    FIELD(FORM_BOOL, vcek_disabled),
    FIELD(FORM_BOOL, mask_chip_key),
    FIELD(FORM_BOOL, mask_chip_id),
    FIELD(FORM_BOOL, host_asks),
    FIELD(FORM_BOOL, certificates),
    FIELD(FORM_BOOL, guid_mixed),
    FIELD(FORM_U32, certs_need),
    FIELD(FORM_BOOL, certs_grow),
    FIELD(FORM_U64, platform_info),
    FIELD(FORM_BYTES, measurement),
    FIELD(FORM_U64, policy),
    FIELD(FORM_BYTES, host_data),
    FIELD(FORM_BYTES, id_key_digest),
    FIELD(FORM_BYTES, author_key_digest),
    FIELD(FORM_BYTES, family_id),
    FIELD(FORM_BYTES, image_id),
    FIELD(FORM_U32, guest_svn),
    FIELD(FORM_BYTES, report_id),
    FIELD(FORM_U32, vmpck),
    FIELD(FORM_BOOL, vmpck_dead),
    FIELD(FORM_U32, failures_left),
    FIELD(FORM_U32, delay_ms),
    COUNT(requests),
    COUNT(keys),
    COUNT(reports),
};

#define VMM(code) ((uint64_t)(code) << 32)

/* What the driver, the host and a broken firmware do. "eio:N" and "status:N" take a number. */
static const struct snp_failure failures[] = {
    {"busy", SNP_FAIL_DRIVER, EIO, VMM(SNP_VMM_BUSY), true, SNP_SPOIL_NONE},
    {"timeout", SNP_FAIL_DRIVER, ETIMEDOUT, SNP_FW_NOT_CALLED, true, SNP_SPOIL_NONE},
    {"ebadmsg", SNP_FAIL_DRIVER, EBADMSG, 0, true, SNP_SPOIL_NONE},
    {"enomem", SNP_FAIL_DRIVER, ENOMEM, SNP_FW_NOT_CALLED, false, SNP_SPOIL_NONE},
    {"efault", SNP_FAIL_DRIVER, EFAULT, SNP_FW_NOT_CALLED, false, SNP_SPOIL_NONE},
    {"einval", SNP_FAIL_DRIVER, EINVAL, SNP_FW_NOT_CALLED, false, SNP_SPOIL_NONE},
    {"enosr", SNP_FAIL_DRIVER, ENOSR, SNP_FW_NOT_CALLED, true, SNP_SPOIL_NONE},
    {"enotty", SNP_FAIL_DRIVER, ENOTTY, 0, true, SNP_SPOIL_NONE},
    {"eio", SNP_FAIL_EIO, EIO, 0, true, SNP_SPOIL_NONE},
    {"status", SNP_FAIL_STATUS, 0, 0, false, SNP_SPOIL_NONE},
    {"zero", SNP_FAIL_ANSWER, 0, 0, false, SNP_SPOIL_ZERO},
    {"silent", SNP_FAIL_ANSWER, 0, 0, false, SNP_SPOIL_SILENT},
    {"report-size", SNP_FAIL_ANSWER, 0, 0, false, SNP_SPOIL_REPORT_SIZE},
    {"report-data", SNP_FAIL_ANSWER, 0, 0, false, SNP_SPOIL_REPORT_DATA},
    {"report-vmpl", SNP_FAIL_ANSWER, 0, 0, false, SNP_SPOIL_REPORT_VMPL},
};

static bool number_parse(const char *text, uint64_t max, uint64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 0);
    return errno == 0 && end != text && *end == '\0' && *text != '-' && *ret <= max;
}

/* "4.0.24.219" by the layout of the product, or a number. */
static bool tcb_parse(const struct snp_state *s, const char *text, uint64_t *ret)
{
    static const unsigned places[][5] = {{0, 1, 6, 7, 8}, {0, 1, 2, 3, 7}};
    const bool turin = s->product == SNP_TURIN;
    const size_t n = turin ? 5 : 4;
    uint64_t tcb = 0;
    char *end;

    if (strchr(text, '.') == NULL)
        return number_parse(text, UINT64_MAX, ret);
    for (size_t i = 0; i < n; i++) {
        const unsigned long v = strtoul(text, &end, 10);

        if (end == text || v > 255 || *end != (i + 1 < n ? '.' : '\0'))
            return false;
        tcb |= (uint64_t)v << (8 * places[turin][i]);
        text = end + 1;
    }
    *ret = tcb;
    return true;
}

static bool bytes_parse(const char *text, uint8_t *ret, size_t n)
{
    const size_t given = strlen(text) / 2;

    if (given > n || !hex_decode(text, ret, given))
        return false;
    memset(ret + given, 0, n - given);
    return true;
}

static bool field_set(struct snp_state *s, const struct field *f, const char *value)
{
    static const uint64_t max[] = {
        [FORM_U8] = UINT8_MAX, [FORM_U32] = UINT32_MAX, [FORM_U64] = UINT64_MAX, [FORM_BOOL] = 1};
    uint8_t copy[64];
    uint64_t v;

    if (f->read_only)
        return false;
    if (f->form == FORM_BYTES) {
        if (!bytes_parse(value, copy, f->size))
            return false;
        memcpy((uint8_t *)s + f->offset, copy, f->size);
        return true;
    }
    if (f->form == FORM_TCB ? !tcb_parse(s, value, &v) : !number_parse(value, max[f->form], &v))
        return false;
    /* little-endian: the low bytes come first */
    memcpy((uint8_t *)s + f->offset, &v, f->size);
    return true;
}

static const struct field *field_find(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static bool set_tcb(struct snp_state *s, const char *value)
{
    if (!tcb_parse(s, value, &s->current_tcb))
        return false;
    s->committed_tcb = s->current_tcb;
    s->reported_tcb = s->current_tcb;
    return true;
}

static bool set_chip(struct snp_state *s, const char *value)
{
    return field_set(s, field_find("chip_id"), value);
}

static bool set_product(struct snp_state *s, const char *value)
{
    static const struct {
        const char *name, *tcb;
        uint8_t report_version;
    } products[] = {
        [SNP_MILAN] = {"milan", "4.0.24.219", 3},
        [SNP_GENOA] = {"genoa", "10.0.23.84", 5},
        [SNP_TURIN] = {"turin", "1.1.1.4.81", 5},
    };

    for (size_t i = 0; i < N_ELEMENTS(products); i++) {
        if (strcasecmp(products[i].name, value) != 0)
            continue;
        s->product = (enum snp_product)i;
        s->report_version = products[i].report_version;
        if (s->product == SNP_TURIN)
            memset(s->chip_id + 8, 0, sizeof(s->chip_id) - 8);
        return set_tcb(s, products[i].tcb);
    }
    return false;
}

static bool set_launch(struct snp_state *s, const char *value)
{
    if (strcmp(value, "1") != 0)
        return false;
    snp_state_launch(s);
    return true;
}

static bool set_reload(struct snp_state *s, const char *value)
{
    if (strcmp(value, "1") != 0)
        return false;
    s->vmpck_dead = false;
    return true;
}

static bool failure_takes_number(const struct snp_failure *f)
{
    return f->kind == SNP_FAIL_EIO || f->kind == SNP_FAIL_STATUS;
}

static bool set_fail(struct snp_state *s, const char *value)
{
    const size_t n = strcspn(value, ":");

    s->failures_left = 0;
    if (strcmp(value, "none") == 0) {
        s->failure = NULL;
        return true;
    }
    for (size_t i = 0; i < N_ELEMENTS(failures); i++) {
        const struct snp_failure *f = &failures[i];

        if (strlen(f->name) != n || strncmp(f->name, value, n) != 0)
            continue;
        if (failure_takes_number(f) != (value[n] == ':'))
            return false;
        if (value[n] == ':' && !number_parse(value + n + 1, UINT64_MAX, &s->failure_value))
            return false;
        s->failure = f;
        return true;
    }
    return false;
}

static bool set_fail_times(struct snp_state *s, const char *value)
{
    return field_set(s, field_find("failures_left"), value);
}

static const struct {
    const char *name;
    bool (*set)(struct snp_state *s, const char *value);
} actions[] = {
    {"tcb", set_tcb},
    {"chip", set_chip},
    {"product", set_product},
    {"launch", set_launch},
    {"reload", set_reload},
    {"fail", set_fail},
    {"fail_times", set_fail_times},
};

static bool line_apply(struct snp_state *s, char *line)
{
    char *value = strchr(line, '=');
    const struct field *f;

    if (value == NULL)
        return false;
    *value++ = '\0';
    for (size_t i = 0; i < N_ELEMENTS(actions); i++) {
        if (strcmp(actions[i].name, line) == 0)
            return actions[i].set(s, value);
    }
    f = field_find(line);
    return f != NULL && field_set(s, f, value);
}

bool emulator_control(struct emulator *e, const char *lines)
{
    char *copy = strdup(lines);
    char *rest = NULL;
    bool good = copy != NULL;

    (void)pthread_mutex_lock(&e->state_lock);
    for (char *line = good ? strtok_r(copy, "\n", &rest) : NULL; good && line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        good = line_apply(&e->state, line);
    (void)pthread_mutex_unlock(&e->state_lock);
    free(copy);
    return good;
}

static void field_dump(const struct snp_state *s, const struct field *f, struct buf *text)
{
    const uint8_t *p = (const uint8_t *)s + f->offset;
    char hex[2 * 64 + 1];
    uint64_t v = 0;

    if (f->form == FORM_BYTES) {
        buf_printf(text, "%s=%s\n", f->name, hex_encode(span_of(p, f->size), hex));
        return;
    }
    memcpy(&v, p, f->size);
    buf_printf(text, f->form == FORM_U64 || f->form == FORM_TCB ? "%s=0x%llx\n" : "%s=%llu\n",
               f->name, (unsigned long long)v);
}

void emulator_dump(struct emulator *e, struct buf *text)
{
    const struct snp_state *s = &e->state;

    (void)pthread_mutex_lock(&e->state_lock);
    buf_printf(text, "product=%s\n", snp_product_name(s->product));
    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        field_dump(s, &fields[i], text);
    buf_printf(text, "fail=%s", s->failure != NULL ? s->failure->name : "none");
    if (s->failure != NULL && failure_takes_number(s->failure))
        buf_printf(text, ":0x%llx", (unsigned long long)s->failure_value);
    buf_printf(text, "\n");
    (void)pthread_mutex_unlock(&e->state_lock);
}
