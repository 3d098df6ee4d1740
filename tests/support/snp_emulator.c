/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator.c - the driver's side: which requests reach the firmware, what an ioctl returns, and
 * when the channel to the firmware (VMPCK) dies.
 *
 * After Linux drivers/virt/coco/sev-guest: exitinfo2 is 0xff until the firmware is reached, the
 * argument is written back only where exitinfo2 is not zero, and a failure after a message was
 * sent, other than the host asking for more room, costs the VMPCK.
 */
#include "snp_emulator.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#define CERTS_MAX 0x4000u
#define PAGE      4096u

static bool own_read(void *ctx, uint64_t address, void *ret, size_t n)
{
    (void)ctx;
    memcpy(ret, (const void *)(uintptr_t)address, n);
    return true;
}

static bool own_write(void *ctx, uint64_t address, const void *bytes, size_t n)
{
    (void)ctx;
    memcpy((void *)(uintptr_t)address, bytes, n);
    return true;
}

const struct snp_memory snp_memory_own = {.read = own_read, .write = own_write, .ctx = NULL};

const char *snp_product_name(enum snp_product p)
{
    static const char *const names[] = {"Milan", "Genoa", "Turin"};

    return names[p];
}

void snp_hmac(struct span key, struct span data, uint8_t *ret, size_t n)
{
    const char *md = n == 32 ? "SHA256" : "SHA384";
    size_t got = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, md, NULL, key.p, key.n, data.p, data.n, ret, n, &got) ==
            NULL ||
        got != n)
        abort();
}

void snp_state_launch(struct snp_state *s)
{
    if (RAND_bytes(s->report_id, sizeof(s->report_id)) != 1 ||
        RAND_bytes(s->vmrk, sizeof(s->vmrk)) != 1)
        abort();
    s->launch_tcb = s->current_tcb;
    s->vmpck_dead = false;
}

struct emulator *emulator_new(void)
{
    struct emulator *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    (void)pthread_mutex_init(&e->request_lock, NULL);
    (void)pthread_mutex_init(&e->state_lock, NULL);
    e->state.max_msg_version = 1;
    e->state.has_key_select = true;
    e->state.policy = 0x30000;
    e->state.platform_info = 0x25; /* SMT, ECC, ALIAS_CHECK_COMPLETE */
    snp_hmac(SPAN_LIT("emulated"), SPAN_LIT("image"), e->state.measurement, 48);
    if (!emulator_control(e, "product=milan\nchip=01\nlaunch=1\n"))
        abort();
    return e;
}

void emulator_free(struct emulator *e)
{
    if (e == NULL)
        return;
    (void)pthread_mutex_destroy(&e->request_lock);
    (void)pthread_mutex_destroy(&e->state_lock);
    free(e);
}

uint64_t emulator_requests(struct emulator *e)
{
    uint64_t n;

    (void)pthread_mutex_lock(&e->state_lock);
    n = e->state.requests;
    (void)pthread_mutex_unlock(&e->state_lock);
    return n;
}

static void exitinfo2_set(struct snp_ioctl *arg, uint64_t v)
{
    arg->fw_error = (uint32_t)v;
    arg->vmm_error = (uint32_t)(v >> 32);
}

/* The failure this request meets, if any; used up where it was to last a number of requests. */
static const struct snp_failure *failure_take(struct snp_state *s)
{
    const struct snp_failure *f = s->failure;

    if (f != NULL && s->failures_left > 0 && --s->failures_left == 0)
        s->failure = NULL;
    return f;
}

/* One message to the firmware and back. */
struct exchange {
    struct emulator *e;
    struct snp_ioctl *arg;
    const struct snp_memory *memory;
    const struct snp_failure *failure;
    uint64_t failure_value;
};

/* The way to the firmware: 0, or an errno after which no response is written. */
static int exchange_send(struct exchange *x)
{
    struct snp_state *s = &x->e->state;
    const struct snp_failure *f = x->failure;

    if (f != NULL && (f->kind == SNP_FAIL_DRIVER || f->kind == SNP_FAIL_EIO)) {
        exitinfo2_set(x->arg, f->kind == SNP_FAIL_EIO ? x->failure_value : f->exitinfo2);
        s->vmpck_dead = s->vmpck_dead || f->kills;
        return f->error;
    }
    if (x->arg->msg_version > s->max_msg_version) {
        exitinfo2_set(x->arg, SNP_STATUS_INVALID_PARAM);
        s->vmpck_dead = true;
        return EIO;
    }
    exitinfo2_set(x->arg, 0);
    return 0;
}

static bool exchange_spoils(const struct exchange *x, int spoil)
{
    return x->failure != NULL && x->failure->kind == SNP_FAIL_ANSWER &&
           (int)x->failure->spoil == spoil;
}

static bool exchange_read(const struct exchange *x, void *ret, size_t n)
{
    return x->memory->read(x->memory->ctx, x->arg->req_data, ret, n);
}

static int exchange_answer(const struct exchange *x, const void *response, size_t n)
{
    if (exchange_spoils(x, SNP_SPOIL_SILENT))
        return 0;
    return x->memory->write(x->memory->ctx, x->arg->resp_data, response, n) ? 0 : EFAULT;
}

static int serve_key(struct exchange *x)
{
    struct snp_key_request request;
    struct snp_key_response response = {0};
    int error;

    if (!exchange_read(x, &request, sizeof(request)))
        return EFAULT;
    error = exchange_send(x);
    if (error != 0)
        return error;
    if (x->failure != NULL && x->failure->kind == SNP_FAIL_STATUS)
        response.status = (uint32_t)x->failure_value;
    else if (!exchange_spoils(x, SNP_SPOIL_ZERO))
        snp_state_key(&x->e->state, &request, &response);
    return exchange_answer(x, &response, sizeof(response));
}

static bool report_answer(struct exchange *x, const struct snp_report_request *request,
                          struct snp_report_response *ret)
{
    struct snp_report_request asked = *request;

    if (x->failure != NULL && x->failure->kind == SNP_FAIL_STATUS) {
        ret->status = (uint32_t)x->failure_value;
        return true;
    }
    if (exchange_spoils(x, SNP_SPOIL_ZERO)) {
        ret->report_size = sizeof(ret->report);
        return true;
    }
    if (exchange_spoils(x, SNP_SPOIL_REPORT_DATA))
        asked.user_data[63] ^= 1;
    if (exchange_spoils(x, SNP_SPOIL_REPORT_VMPL))
        asked.vmpl = request->vmpl == 3 ? 2 : request->vmpl + 1;
    if (!snp_state_report(&x->e->state, &asked, ret))
        return false;
    if (exchange_spoils(x, SNP_SPOIL_REPORT_SIZE))
        ret->report_size--;
    return true;
}

static int serve_report(struct exchange *x)
{
    struct snp_report_request request;
    struct snp_report_response response = {0};
    int error;

    if (!exchange_read(x, &request, sizeof(request)))
        return EFAULT;
    error = exchange_send(x);
    if (error != 0)
        return error;
    if (!report_answer(x, &request, &response))
        return EIO;
    return exchange_answer(x, &response, sizeof(response));
}

/* The host wants more room than certs_len: it says how much, and gives no report. */
static int certs_too_small(struct exchange *x, struct snp_ext_report_request *request, size_t need)
{
    request->certs_len = (uint32_t)need;
    exitinfo2_set(x->arg, (uint64_t)SNP_VMM_INVALID_LEN << 32);
    if (!x->memory->write(x->memory->ctx,
                          x->arg->req_data + offsetof(struct snp_ext_report_request, certs_len),
                          &request->certs_len, sizeof(request->certs_len)))
        return EFAULT;
    return EIO;
}

/* What a host asks for: what it has, or whatever comes to its mind. */
static size_t certs_room(struct snp_state *s, size_t table)
{
    const size_t need = s->certs_need > table ? s->certs_need : table;

    if (s->certs_grow)
        s->certs_need += PAGE;
    return need;
}

static int serve_ext_report(struct exchange *x)
{
    AUTO(buf_clear) struct buf table = BUF_INIT;
    struct snp_ext_report_request request;
    struct snp_report_response response = {0};
    size_t room;
    int error;

    if (!exchange_read(x, &request, sizeof(request)))
        return EFAULT;
    room = request.certs_address != 0 ? request.certs_len : 0;
    if (room > CERTS_MAX || room % PAGE != 0)
        return EINVAL;
    error = exchange_send(x);
    if (error != 0)
        return error;
    if (x->e->state.certificates && !emulator_certificate_table(x->e, &table))
        return EIO;
    if (table.n > room || x->e->state.certs_need > room || x->e->state.certs_grow)
        return certs_too_small(x, &request, certs_room(&x->e->state, table.n));
    if (!report_answer(x, &request.data, &response))
        return EIO;
    if (table.n > 0 && !x->memory->write(x->memory->ctx, request.certs_address, table.p, table.n))
        return EFAULT;
    return exchange_answer(x, &response, sizeof(response));
}

static int (*const servers[])(struct exchange *x) = {serve_report, serve_key, serve_ext_report};
static const unsigned long numbers[] = {SNP_IOC_REPORT, SNP_IOC_DERIVED_KEY, SNP_IOC_EXT_REPORT};

static int request_serve(struct exchange *x, unsigned long number)
{
    x->e->state.requests++;
    if (x->arg->msg_version == 0)
        return EINVAL;
    if (x->e->state.vmpck_dead)
        return ENOTTY;
    exitinfo2_set(x->arg, SNP_FW_NOT_CALLED);
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
        if (numbers[i] != number)
            continue;
        if (x->arg->req_data == 0 || x->arg->resp_data == 0)
            return EINVAL;
        x->failure = failure_take(&x->e->state);
        x->failure_value = x->e->state.failure_value;
        return servers[i](x);
    }
    return ENOTTY;
}

static void throttle(struct emulator *e)
{
    struct timespec t;
    uint32_t ms;

    (void)pthread_mutex_lock(&e->state_lock);
    ms = e->state.delay_ms;
    (void)pthread_mutex_unlock(&e->state_lock);
    t = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (ms > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

int emulator_ioctl(struct emulator *e, unsigned long number, struct snp_ioctl *arg,
                   bool *ret_written, const struct snp_memory *memory)
{
    struct snp_ioctl copy = *arg;
    struct exchange x = {.e = e, .arg = &copy, .memory = memory};
    int error;

    (void)pthread_mutex_lock(&e->request_lock);
    throttle(e);
    (void)pthread_mutex_lock(&e->state_lock);
    exitinfo2_set(&copy, 0);
    error = request_serve(&x, number);
    (void)pthread_mutex_unlock(&e->state_lock);
    (void)pthread_mutex_unlock(&e->request_lock);
    *ret_written = copy.fw_error != 0 || copy.vmm_error != 0;
    if (*ret_written)
        *arg = copy;
    return error;
}
