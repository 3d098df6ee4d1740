/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-audit.c - the audit log as a file. An input that begins with a zero byte is choices: entries
 * are chained and written, and read back as what they were; with a byte changed, a line taken out
 * or two exchanged, they are not. All others are a file as it stands: whatever is read in it is
 * what the writer would have written.
 */
#include "fuzz.h"

#include <stdio.h>

#include "cli/audit_file.h"
#include "crypto/ossl.h"

#define MAX_ENTRIES 6
#define MAX_DETAIL  200

static void setup(void)
{
    FUZZ_OK(crypto_ready());
}

/* -- reading -------------------------------------------------------------------------------------
 */

static CK_RV write_again(const struct audit_entry *e, void *arg)
{
    return audit_line_encode(e, arg);
}

/* Read a file; what was accepted of it is written to `ret` again. */
static CK_RV walk(struct span bytes, struct buf *ret, struct audit_fault *fault)
{
    static char nothing[1];
    FILE *f = fmemopen(bytes.n > 0 ? (void *)(uintptr_t)bytes.p : nothing,
                       bytes.n > 0 ? bytes.n : 1, "r");
    CK_RV rv;

    FUZZ_CHECK(f != NULL);
    rv = bytes.n > 0 ? audit_file_walk(f, write_again, ret, fault) : CKR_OK;
    (void)fclose(f);
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK(rv != CKR_DATA_INVALID || (fault->line > 0 && fault->why != NULL));
    return rv;
}

static void check_prefix(struct span bytes, CK_RV rv, const struct buf *again)
{
    FUZZ_CHECK(again->n <= bytes.n && (again->n == 0 || memcmp(again->p, bytes.p, again->n) == 0));
    FUZZ_CHECK(rv != CKR_OK || again->n == bytes.n);
}

static void as_it_stands(struct span bytes)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct audit_fault fault = {.line = 0};
    const CK_RV rv = walk(bytes, &again, &fault);

    check_prefix(bytes, rv, &again);
}

/* -- writing -------------------------------------------------------------------------------------
 */

static void entry(struct cursor *c, uint64_t number, const uint8_t previous[PRIM_HASH],
                  struct audit_entry *ret)
{
    *ret = (struct audit_entry){.number = number, .time = cursor_u32(c)};
    ret->event = (enum audit_event)cursor_u16(c);
    if (pick_bool(c))
        ret->token = pick_bytes(c, TOKEN_ID);
    if (ret->token.n != TOKEN_ID)
        ret->token = SPAN_EMPTY;
    ret->detail = pick_bytes(c, pick(c, MAX_DETAIL));
    memcpy(ret->previous, previous, PRIM_HASH);
    FUZZ_OK(audit_hash(ret, ret->hash));
}

static void entries(struct cursor *c, struct buf *ret, size_t starts[MAX_ENTRIES + 1],
                    size_t *ret_n)
{
    uint8_t hash[PRIM_HASH] = {0};
    const size_t n = 1 + pick(c, MAX_ENTRIES);

    for (size_t i = 0; i < n; i++) {
        struct audit_entry e;

        starts[i] = ret->n;
        entry(c, i + 1, hash, &e);
        FUZZ_OK(audit_line_encode(&e, ret));
        memcpy(hash, e.hash, sizeof(hash));
    }
    starts[n] = ret->n;
    *ret_n = n;
}

static void check_refused(struct span bytes)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct audit_fault fault = {.line = 0};

    FUZZ_CHECK(walk(bytes, &again, &fault) == CKR_DATA_INVALID);
}

/* All lines but one that is not the last. */
static void check_without(const struct buf *all, const size_t *starts, size_t without)
{
    AUTO(buf_clear) struct buf less = BUF_INIT;

    buf_put(&less, span_of(all->p, starts[without]));
    buf_put(&less, span_of(all->p + starts[without + 1], all->n - starts[without + 1]));
    check_refused(buf_span(&less));
}

static void written(struct span choices)
{
    struct cursor c = cursor_of(choices);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct audit_fault fault = {.line = 0};
    size_t starts[MAX_ENTRIES + 1], n = 0;
    uint8_t mask;

    entries(&c, &bytes, starts, &n);
    FUZZ_OK(walk(buf_span(&bytes), &again, &fault));
    check_prefix(buf_span(&bytes), CKR_OK, &again);
    if (n > 1)
        check_without(&bytes, starts, pick(&c, (uint32_t)n - 1));
    mask = cursor_u8(&c);
    bytes.p[cursor_u16(&c) % bytes.n] ^= mask != 0 ? mask : 1;
    check_refused(buf_span(&bytes));
}

static void one(struct span input)
{
    if (input.n > 0 && input.p[0] == 0)
        written(span_of(input.p + 1, input.n - 1));
    else
        as_it_stands(input);
}

const struct fuzz_target fuzz_target = {
    .name = "audit",
    .max_input = 4096,
    .setup = setup,
    .one = one,
};
