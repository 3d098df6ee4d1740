/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_accept.c - the third step, on the new VM: who answers is judged by the policy, the master
 * key is taken, the store is looked at, and sealed to this platform once it is the right one.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/confirm.h"
#include "cli/handoff.h"
#include "cli/read_file.h"
#include "keyring/handoff.h"

#define KEY_FILE_MAX (HANDOFF_MAX + 8192u)

struct acceptance {
    struct buf request, answer;
    struct secret *private_key;
    struct evidence own; /* of the request */
    struct handoff_pending asked;
    struct handoff_message in; /* points into answer */
    struct handoff_judged judged;
};

static void acceptance_clear(struct acceptance *a)
{
    buf_clear(&a->request);
    buf_clear(&a->answer);
    secret_free(a->private_key);
    evidence_clear(&a->own);
    handoff_judged_clear(&a->judged);
}

/* -- what was asked ---------------------------------------------------------------------------- */

static int take_key(const struct conf *c, const struct handoff_options *o, struct acceptance *a)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    CK_RV rv;

    if (!file_read_max(o->key, KEY_FILE_MAX, &file))
        return cli_fail(EXIT_FAILED,
                        "there is no request that waits for an answer: make one, or it was "
                        "accepted already");
    rv = handoff_key_open(c, o->key, buf_span(&file), &a->private_key, &a->request);
    if (rv == CKR_OK)
        rv = handoff_pending_read(buf_span(&a->request), &a->own, &a->asked);
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s is no key of a hand-over, or damaged", o->key);
    if (rv == CKR_DEVICE_ERROR)
        return cli_fail(EXIT_CLOSED,
                        "%s does not open here: accept where the request was made, or make a new "
                        "one",
                        o->key);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "opening the key");
}

/* -- who answers ------------------------------------------------------------------------------- */

static int judge(const struct handoff_options *o, struct acceptance *a)
{
    const int code = handoff_judge(o, a->in.evidence, a->asked.statement.nonce, &a->judged);

    if (code != EXIT_DONE)
        return code;
    if (handoff_genuine(&a->judged)) {
        handoff_check_approval(&a->judged.facts, &a->asked, a->in.sealed, &a->judged.result);
        handoff_check_other(&a->judged.facts, a->asked.report_id, &a->judged.result);
    }
    return handoff_verdict(&a->judged, stdout);
}

/* -- the store --------------------------------------------------------------------------------- */

static int open_store(const struct conf *c, const struct acceptance *a, struct keyring **ret)
{
    AUTO(store_unrefp) struct store *s = NULL;
    CK_RV rv = store_open(c->store, false, c->map_size, &s);

    if (rv == CKR_OK)
        rv = handoff_open(c, s, a->in.sealed, a->private_key, ret);
    if (rv == CKR_ENCRYPTED_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "refused: the key of the request does not open what came");
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "opening the store by the key that came");
}

/* The store on the disk is the one that the other side spoke of. */
static int check_store(struct keyring *k, const struct acceptance *a, char hex[2 * PRIM_HASH + 1])
{
    const struct statement_approval *said = &a->judged.facts.statement.approval;
    struct store_info info;
    const CK_RV rv = keyring_info(k, &info);
    char when[32];

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    (void)hex_encode(SPAN_ARRAY(info.fingerprint), hex);
    printf("store made %s\nfingerprint %s\n", output_time(info.created, when), hex);
    if (memcmp(info.fingerprint, said->fingerprint, sizeof(said->fingerprint)) == 0)
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED,
                    "refused: the store here has another fingerprint than the one that "
                    "was handed over");
}

/* Interrupted between the seal and the end: nothing is left to do but the key. */
static int check_done(struct keyring *k, const struct acceptance *a, struct handoff_past *ret)
{
    const CK_RV rv = handoff_past(k, AUDIT_HANDOFF_ACCEPTED, a->asked.hash, ret);

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the audit log");
    if (ret->found)
        printf(
            "this request was accepted already, entry %llu of the audit log: nothing is written\n",
            (unsigned long long)ret->number);
    return EXIT_DONE;
}

/* The key has done what it was made for. */
static int drop_key(const struct handoff_options *o)
{
    if (unlink(o->key) == 0 || errno == ENOENT)
        return EXIT_DONE;
    return cli_fail(EXIT_FAILED, "%s: %s: remove it", o->key, strerror(errno));
}

/* It was refused: because somebody accepted the same request meanwhile? */
static int refused(struct keyring *k, const struct handoff_options *o, const struct acceptance *a)
{
    struct handoff_past past = {.found = false};
    const int code = check_done(k, a, &past);

    if (code != EXIT_DONE)
        return code;
    return past.found ? drop_key(o) : cli_rv(CKR_FUNCTION_REJECTED, "sealing to this platform");
}

static int adopt(struct keyring *k, const struct handoff_options *o, const struct acceptance *a,
                 const struct handoff_past *past, const char *fingerprint)
{
    const uint8_t *giver = a->judged.facts.statement.approval.seal;
    uint8_t id[16];
    char text[2 * 4 + 1];
    CK_RV rv;

    if (!confirm_store(o->expect, o->yes, fingerprint))
        return EXIT_REFUSED;
    rv = handoff_adopt(k, a->asked.hash, o->standby ? NULL : giver, past, id);
    if (rv == CKR_FUNCTION_REJECTED)
        return refused(k, o, a);
    if (rv != CKR_OK)
        return cli_rv(rv, "sealing to this platform");
    printf("sealed to this platform by seal %s: the store opens here from now on\n",
           hex_encode(span_of(id, 4), text));
    confirm_seals(k);
    return drop_key(o);
}

static int take_store(const struct conf *c, const struct handoff_options *o,
                      const struct acceptance *a)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    char fingerprint[2 * PRIM_HASH + 1];
    struct handoff_past past = {.found = false};
    int code = open_store(c, a, &k);

    if (code == EXIT_DONE)
        code = check_store(k, a, fingerprint);
    if (code == EXIT_DONE)
        code = check_done(k, a, &past);
    if (code != EXIT_DONE)
        return code;
    if (o->dry_run) {
        if (!past.found && !confirm_store(o->expect, true, fingerprint))
            return EXIT_REFUSED;
        puts(past.found ? "would remove the key" : "would seal it to this platform");
        return EXIT_DONE;
    }
    return past.found ? drop_key(o) : adopt(k, o, a, &past, fingerprint);
}

int handoff_accept(const struct handoff_options *o)
{
    AUTO(conf_freep) struct conf *c = NULL;
    AUTO(acceptance_clear) struct acceptance a = {.own = EVIDENCE_INIT};
    int code;

    code = handoff_conf(&c);
    if (code != EXIT_DONE)
        return code;
    /* The message first: in a pipe it comes when the request is made, and its key is there. */
    code = handoff_take(o->message, HANDOFF_APPROVAL, &a.answer, &a.in);
    if (code == EXIT_DONE)
        code = take_key(c, o, &a);
    if (code == EXIT_DONE)
        code = judge(o, &a);
    return code == EXIT_DONE ? take_store(c, o, &a) : code;
}
