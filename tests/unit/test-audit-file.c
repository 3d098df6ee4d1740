/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-audit-file.c - an exported log is read back as what it was, and nothing else is taken.
 *
 * Link with -Wl,--wrap=time,--wrap=log_err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_file.h"
#include "keyring/ring.h"
#include "keyring_fixture.h"

/* Details that a line has to carry byte for byte. */
static const char *const details[] = {
    "plain",
    "\"quoted\" \\ back\\slashed / slashed",
    "line\nfeed\ttab\x01",
    "umlaut \xc3\xa4",
    "no UTF-8 \xff\xfe",
    "",
};

static CK_RV add_details(struct txn *t, void *arg)
{
    struct keyring_fixture *f = arg;

    for (size_t i = 0; i < N_ELEMENTS(details); i++)
        TRY(audit_add(f->k, t, AUDIT_SEAL_ADDED, NULL, "%s", details[i]));
    return CKR_OK;
}

static CK_RV put_line(const struct audit_entry *e, void *arg)
{
    return audit_line_encode(e, arg);
}

static void export(struct keyring_fixture *f, struct buf *ret)
{
    assert_int_equal(store_write(keyring_store(f->k), add_details, f), CKR_OK);
    assert_int_equal(audit_walk(f->k, put_line, ret, NULL, NULL), CKR_OK);
}

static CK_RV take(const struct audit_entry *e, void *arg)
{
    uint64_t *n = arg;

    assert_int_equal(e->number, *n + 1);
    *n = e->number;
    return CKR_OK;
}

static CK_RV walk_bytes(struct span bytes, uint64_t *ret_n, struct audit_fault *ret_fault)
{
    FILE *f =
        bytes.n > 0 ? fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "r") : fopen("/dev/null", "re");
    CK_RV rv;

    assert_non_null(f);
    *ret_n = 0;
    rv = audit_file_walk(f, take, ret_n, ret_fault);
    assert_int_equal(fclose(f), 0);
    return rv;
}

static void refused(struct span bytes, uint64_t line, const char *why)
{
    struct audit_fault fault;
    uint64_t n;

    assert_int_equal(walk_bytes(bytes, &n, &fault), CKR_DATA_INVALID);
    assert_int_equal(fault.line, line);
    assert_int_equal(n, line - 1);
    assert_non_null(strstr(fault.why, why));
}

/* -- lines of an export ---------------------------------------------------------------------- */

/* The n-th line, 1, 2, ..., with its end. */
static struct span line_of(const struct buf *b, size_t n)
{
    const uint8_t *at = b->p, *end = memchr(at, '\n', b->n);

    for (size_t i = 1; i < n; i++) {
        at = end + 1;
        end = memchr(at, '\n', b->n - (size_t)(at - b->p));
        assert_non_null(end);
    }
    return span_of(at, (size_t)(end - at) + 1);
}

static void lines(const struct buf *from, const size_t *which, size_t n, struct buf *ret)
{
    buf_clear(ret);
    for (size_t i = 0; i < n; i++)
        buf_put(ret, line_of(from, which[i]));
    assert_int_equal(buf_ok(ret), CKR_OK);
}

static CK_RV same_as_before(const struct audit_entry *e, void *arg)
{
    const size_t i = (size_t)e->number - 3; /* store-made, token-made */

    (void)arg;
    if (e->number > 2) {
        assert_int_equal(e->detail.n, strlen(details[i]));
        assert_memory_equal(e->detail.p, details[i], e->detail.n);
    }
    assert_int_equal(e->token.n, e->number == 2 ? TOKEN_ID : 0);
    return CKR_OK;
}

static void is_read_back(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct audit_fault fault;
    uint64_t n;
    FILE *f;

    export(*state, &text);
    assert_int_equal(walk_bytes(buf_span(&text), &n, &fault), CKR_OK);
    assert_int_equal(n, 2 + N_ELEMENTS(details));
    f = fmemopen(text.p, text.n, "r");
    assert_non_null(f);
    assert_int_equal(audit_file_walk(f, same_as_before, NULL, &fault), CKR_OK);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(walk_bytes(SPAN_EMPTY, &n, &fault), CKR_OK);
    assert_int_equal(n, 0);
}

static void every_byte_counts(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct audit_fault fault;
    uint64_t n;

    export(*state, &text);
    for (size_t i = 0; i < text.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text.p[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(walk_bytes(buf_span(&text), &n, &fault), CKR_DATA_INVALID);
            text.p[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(walk_bytes(buf_span(&text), &n, &fault), CKR_OK);
}

static void lines_in_their_order(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(buf_clear) struct buf changed = BUF_INIT;

    export(*state, &text);
    lines(&text, (const size_t[]){1, 3, 2, 4}, 4, &changed);
    refused(buf_span(&changed), 2, "entries are missing before it");
    lines(&text, (const size_t[]){1, 2, 2, 3}, 4, &changed);
    refused(buf_span(&changed), 3, "out of its order");
    lines(&text, (const size_t[]){1, 2, 4}, 3, &changed);
    refused(buf_span(&changed), 3, "entries are missing before it");
    lines(&text, (const size_t[]){2, 3}, 2, &changed);
    refused(buf_span(&changed), 1, "entries are missing before it");
    refused(span_of(text.p, text.n - 1), 2 + N_ELEMENTS(details), "does not end");
}

static void replace(struct buf *line, const char *from, const char *to)
{
    AUTO(buf_clear) struct buf made = BUF_INIT;
    uint8_t *at = memmem(line->p, line->n, from, strlen(from));

    assert_non_null(at);
    buf_put(&made, span_of(line->p, (size_t)(at - line->p)));
    buf_put(&made, span_of(to, strlen(to)));
    buf_put(&made, span_of(at + strlen(from), line->n - (size_t)(at - line->p) - strlen(from)));
    assert_int_equal(buf_ok(&made), CKR_OK);
    buf_clear(line);
    *line = made;
    made = BUF_INIT;
}

/* What is said of an entry and what is hashed are one thing. */
static void one_way_to_write_it(void **state)
{
    static const char *const changes[][2] = {
        {"\"event\":\"store-made\"", "\"event\":\"login-failed\""}, /* its code stays */
        {"\"number\"", " \"number\""},
        {"\"number\":1,", "\"number\":1,\"number\":1,"},
        {"\"token\":\"\"", "\"token\":\"\",\"by\":\"nobody\""},
        {"\"number\":1", "\"number\":1.0"},
        {"\"number\":1", "\"number\":-1"},
        {"\"code\":1", "\"code\":65537"},
        {"\"detail\":", "\"detail_hex\":"},
        {"{", "[{"},
    };
    AUTO(buf_clear) struct buf text = BUF_INIT;

    export(*state, &text);
    for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
        AUTO(buf_clear) struct buf line = BUF_INIT;

        lines(&text, (const size_t[]){1}, 1, &line);
        replace(&line, changes[i][0], changes[i][1]);
        refused(buf_span(&line), 1, "is not");
    }
}

/* An entry that was made anew, with its right hash, does not fit the next one. */
static void chain_holds(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(buf_clear) struct buf forged = BUF_INIT;
    struct audit_entry e = {.number = 1, .time = 1, .event = AUDIT_STORE_MADE};

    export(*state, &text);
    e.detail = SPAN_LIT("by somebody else");
    assert_int_equal(audit_hash(&e, e.hash), CKR_OK);
    assert_int_equal(audit_line_encode(&e, &forged), CKR_OK);
    buf_put(&forged, line_of(&text, 2));
    refused(buf_span(&forged), 2, "does not follow the one before");
    buf_clear(&forged);
    e.hash[0] ^= 1;
    assert_int_equal(audit_line_encode(&e, &forged), CKR_OK);
    refused(buf_span(&forged), 1, "was changed");
}

/* -- lines that are too long ----------------------------------------------------------------- */

#define LINE_MAX_BYTES 16384

/* A first entry that is right in everything, in a line of n bytes. */
static void line_of_length(size_t n, struct buf *ret)
{
    AUTO(buf_clear) struct buf detail = BUF_INIT;
    struct audit_entry e = {.number = 1, .time = 1, .event = AUDIT_STORE_MADE};
    size_t without;

    assert_int_equal(audit_hash(&e, e.hash), CKR_OK);
    assert_int_equal(audit_line_encode(&e, ret), CKR_OK);
    without = ret->n;
    buf_clear(ret);
    memset(buf_extend(&detail, n - without), 'x', n - without);
    e.detail = buf_span(&detail);
    assert_int_equal(audit_hash(&e, e.hash), CKR_OK);
    assert_int_equal(audit_line_encode(&e, ret), CKR_OK);
    assert_int_equal(ret->n, n);
}

static void longest_line(void **state)
{
    AUTO(buf_clear) struct buf line = BUF_INIT;
    struct audit_fault fault;
    uint64_t n;

    (void)state;
    line_of_length(LINE_MAX_BYTES, &line);
    assert_int_equal(walk_bytes(buf_span(&line), &n, &fault), CKR_OK);
    assert_int_equal(n, 1);
    buf_clear(&line);
    line_of_length(LINE_MAX_BYTES + 1, &line);
    refused(buf_span(&line), 1, "longer than an entry can be");
    line.p[line.n - 1] = 'x';
    refused(buf_span(&line), 1, "longer than an entry can be");
}

#define ENDLESS (64u << 20)

/* ENDLESS bytes without an end of a line; *cookie counts those that were asked for. */
static ssize_t read_endless(void *cookie, char *to, size_t n)
{
    size_t *given = cookie;

    n = n < ENDLESS - *given ? n : ENDLESS - *given;
    memset(to, '{', n);
    *given += n;
    return (ssize_t)n;
}

/* What can't be an entry is not taken into memory to find that out. */
static void endless_line(void **state)
{
    size_t given = 0;
    FILE *f = fopencookie(&given, "r", (cookie_io_functions_t){.read = read_endless});
    struct audit_fault fault;
    uint64_t n = 0;

    (void)state;
    assert_non_null(f);
    assert_int_equal(audit_file_walk(f, take, &n, &fault), CKR_DATA_INVALID);
    assert_int_equal(fault.line, 1);
    assert_int_equal(fclose(f), 0);
    assert_true(given < 1u << 20);
}

/* A disk that fails behind a whole line. */
static ssize_t read_failing(void *cookie, char *to, size_t n)
{
    struct buf *left = cookie;
    const size_t take_n = left->n < n ? left->n : n;

    if (left->n == 0) {
        errno = EIO;
        return -1;
    }
    memcpy(to, left->p, take_n);
    left->n = 0;
    return (ssize_t)take_n;
}

/* What can't be read to its end is told as that, not as an entry that was changed. */
static void failing_disk(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    const size_t cuts[] = {0, 20};

    export(*state, &text);
    for (size_t i = 0; i < N_ELEMENTS(cuts); i++) {
        struct buf left = {.p = text.p, .n = line_of(&text, 1).n + cuts[i]};
        FILE *f = fopencookie(&left, "r", (cookie_io_functions_t){.read = read_failing});
        struct audit_fault fault;
        uint64_t n = 0;

        assert_non_null(f);
        assert_int_equal(audit_file_walk(f, take, &n, &fault), CKR_FUNCTION_FAILED);
        assert_int_equal(errno, EIO);
        assert_int_equal(n, 1);
        (void)fclose(f);
    }
}

#define TOKEN_TEST(path, fn)                                                                       \
    {                                                                                              \
        path, fn, fixture_setup_token, fixture_teardown, NULL                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST("/audit-file/read-back", is_read_back),
        TOKEN_TEST("/audit-file/every-byte-counts", every_byte_counts),
        TOKEN_TEST("/audit-file/lines-in-their-order", lines_in_their_order),
        TOKEN_TEST("/audit-file/one-way-to-write-it", one_way_to_write_it),
        TOKEN_TEST("/audit-file/chain-holds", chain_holds),
        TOKEN_TEST("/audit-file/longest-line", longest_line),
        TOKEN_TEST("/audit-file/endless-line", endless_line),
        TOKEN_TEST("/audit-file/failing-disk", failing_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
