/* SPDX-License-Identifier: BSD-2-Clause */
/* handoff.c - `tee-pkcs11 handoff`: options, messages, and the judgement of evidence; see
 * handoff.h. */
#include "cli/handoff.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/read_file.h"
#include "keyring/handoff.h"

/* -- options ----------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"key", required_argument, NULL, 'k'},
    {"store", required_argument, NULL, 's'},
    {"nonce", required_argument, NULL, 'n'},
    {"out", required_argument, NULL, 'o'},
    {"policy", required_argument, NULL, 'p'},
    {"max-age", required_argument, NULL, 'm'},
    {"root", required_argument, NULL, 'R'},
    {"crl", required_argument, NULL, 'L'},
    {"offline", no_argument, NULL, 'O'},
    {"kds", required_argument, NULL, 'K'},
    {"patience", required_argument, NULL, 'P'},
    {"cache", required_argument, NULL, 'C'},
    {"no-cache", no_argument, NULL, 'N'},
    {"fetch", no_argument, NULL, 'F'},
    {"expect", required_argument, NULL, 'e'},
    {"yes", no_argument, NULL, 'y'},
    {"standby", no_argument, NULL, 'S'},
    {"dry-run", no_argument, NULL, 'd'},
    {NULL, 0, NULL, 0},
};

static const struct step {
    const char *name, *takes; /* the letters of its options */
    bool message;             /* it takes the other side's message */
    int (*run)(const struct handoff_options *o);
} steps[] = {
    {"request", "ksnoFKCR", false, handoff_request},
    {"approve", "pnmoRLOKPCNFd", true, handoff_approve},
    {"accept", "kpmRLOKPCNeySd", true, handoff_accept},
};

static const struct step *step_find(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        if (strcmp(steps[i].name, name) == 0)
            return &steps[i];
    }
    return NULL;
}

static bool take_flag(struct handoff_options *o, int c)
{
    const struct {
        int letter;
        bool *to;
    } flags[] = {
        {'O', &o->verify.offline}, {'N', &o->verify.no_cache},
        {'F', &o->fetch.wanted},   {'y', &o->yes},
        {'S', &o->standby},        {'d', &o->dry_run},
    };

    for (size_t i = 0; i < N_ELEMENTS(flags); i++) {
        if (flags[i].letter != c)
            continue;
        *flags[i].to = true;
        return true;
    }
    return false;
}

/* One given twice is an error: which was meant? */
static bool take_text(struct handoff_options *o, int c)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {
        {'k', &o->key},           {'s', &o->store},
        {'n', &o->verify.nonce},  {'o', &o->out},
        {'p', &o->verify.policy}, {'m', &o->verify.max_age},
        {'R', &o->verify.root},   {'L', &o->verify.crl},
        {'K', &o->verify.kds},    {'P', &o->verify.patience},
        {'C', &o->verify.cache},  {'e', &o->expect},
    };

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter != c || *texts[i].to != NULL)
            continue;
        *texts[i].to = optarg;
        return true;
    }
    return false;
}

/* What the step can't do without, and nothing that is another step's. */
static bool fits(const struct step *step, const struct handoff_options *o, const char *given)
{
    if (given[strspn(given, step->takes)] != '\0')
        return false;
    if ((strchr(step->takes, 'k') != NULL && o->key == NULL) ||
        (strchr(step->takes, 'p') != NULL && o->verify.policy == NULL))
        return false;
    if (o->verify.cache != NULL && o->verify.no_cache)
        return false;
    return step->message || o->fetch.wanted ||
           (o->verify.kds == NULL && o->verify.cache == NULL && o->verify.root == NULL);
}

static bool parse(int argc, char **argv, const struct step **ret_step, struct handoff_options *o)
{
    char given[N_ELEMENTS(options) + 1] = "";
    const struct step *step;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_flag(o, c) && !take_text(o, c))
            return false;
        if (strchr(given, c) == NULL)
            given[strlen(given)] = (char)c;
    }
    step = optind < argc ? step_find(argv[optind++]) : NULL;
    if (step == NULL || argc - optind != (step->message ? 1 : 0))
        return false;
    o->message = step->message ? argv[optind] : NULL;
    *ret_step = step;
    return fits(step, o, given);
}

/* Before anything is done: a request that was approved is used up, and one that was made has taken
 * the place of the one before, whether its message went anywhere or not. */
static int check_out(const struct step *step, const struct handoff_options *o)
{
    const char *slash = o->out != NULL ? strrchr(o->out, '/') : NULL;
    AUTO(buf_clear) struct buf directory = BUF_INIT;

    if (strchr(step->takes, 'o') == NULL || o->dry_run)
        return EXIT_DONE;
    if (o->out == NULL)
        return output_is_terminal()
                   ? cli_fail(EXIT_USAGE, "a message is binary and standard output "
                                          "is a terminal: use --out FILE")
                   : EXIT_DONE;
    buf_printf(&directory, "%.*s", slash != NULL ? (int)(slash - o->out) + 1 : 1,
               slash != NULL ? o->out : ".");
    buf_u8(&directory, 0);
    if (directory.failed || access((const char *)directory.p, W_OK) != 0)
        return cli_fail(EXIT_FAILED, "%s: %s", o->out, strerror(errno));
    return EXIT_DONE;
}

int command_handoff(int argc, char **argv)
{
    struct handoff_options o = {.message = NULL};
    const struct step *step = NULL;
    int code;

    if (!parse(argc, argv, &step, &o))
        return cli_usage("handoff");
    o.fetch.kds = o.verify.kds;
    o.fetch.cache = o.verify.cache;
    o.fetch.root = o.verify.root;
    code = check_out(step, &o);
    return code == EXIT_DONE ? step->run(&o) : code;
}

/* -- messages ---------------------------------------------------------------------------------- */

int handoff_take(const char *path, enum handoff_kind wanted, struct buf *bytes,
                 struct handoff_message *ret)
{
    const char *objection = NULL;
    CK_RV rv;

    /* /dev/stdin would not do: a process that can't be debugged may not open its own. */
    if (strcmp(path, "-") == 0 ? !fd_read_max(STDIN_FILENO, "standard input", HANDOFF_MAX, bytes)
                               : !file_read_max(path, HANDOFF_MAX, bytes))
        return EXIT_FAILED;
    rv = handoff_message_decode(buf_span(bytes), ret, &objection);
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s is no message of a hand-over: %s", path, objection);
    if (rv != CKR_OK)
        return cli_rv(rv, "reading the message");
    if (ret->kind != wanted)
        return cli_fail(EXIT_REFUSED, "%s: this is the %s of a hand-over, and here its %s is taken",
                        path, handoff_kind_name(ret->kind), handoff_kind_name(wanted));
    return EXIT_DONE;
}

FILE *handoff_words_to(const struct handoff_options *o)
{
    return o->out != NULL || o->dry_run ? stdout : stderr;
}

const char *handoff_name_text(const uint8_t hash[HANDOFF_HASH], char text[HANDOFF_NAME_TEXT])
{
    return hex_encode(span_of(hash, HANDOFF_NAME_TEXT / 2), text);
}

int handoff_conf(struct conf **ret)
{
    int code = EXIT_FAILED;

    *ret = cli_conf(&code);
    if (*ret == NULL)
        return code;
    return handoff_can_attest(*ret) == CKR_OK ? EXIT_DONE : EXIT_REFUSED;
}

/* -- judging ----------------------------------------------------------------------------------- */

void handoff_judged_clear(struct handoff_judged *j)
{
    verifier_case_clear(&j->of);
    result_clear(&j->result);
}

/* Who can write the policy, or the root that the policy's checks end at, decides who gets the key.
 * The open file is looked at: a name may be another file's a moment later. */
static int check_ours(const char *what, const char *path, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return cli_fail(EXIT_REFUSED,
                        "the %s %s can be written by others than its user: chown and chmod it",
                        what, path);
    return EXIT_DONE;
}

static int load(const struct handoff_options *o, struct span evidence, struct handoff_judged *ret)
{
    struct verifier_options v = o->verify;
    const char *why = NULL;
    int code;

    v.evidence_bytes = evidence;
    v.may_use = check_ours;
    code = verifier_load(&v, &ret->of);
    if (code != 0)
        return code == VERIFIER_UNKNOWN ? EXIT_FAILED : code;
    if (!handoff_policy_decides(&ret->of.policy, &why))
        return cli_fail(EXIT_REFUSED, "the policy %s can't decide about a hand-over: %s", v.policy,
                        why);
    return EXIT_DONE;
}

int handoff_judge(const struct handoff_options *o, struct span evidence, struct span nonce,
                  struct handoff_judged *ret)
{
    int code;

    *ret = (struct handoff_judged){.result = {.n = 0}};
    code = load(o, evidence, ret);
    if (code != EXIT_DONE)
        return code;
    if (nonce.n > 0) {
        ret->of.question.has_nonce = true;
        ret->of.question.nonce = nonce;
    }
    if (ret->of.question.max_age == 0 && ret->of.policy.max_age == 0)
        ret->of.question.max_age = HANDOFF_MAX_AGE;
    if (verifier_judge(&o->verify, &ret->of, &ret->result, &ret->facts) != CKR_OK)
        return cli_fail(EXIT_FAILED, "out of memory");
    return EXIT_DONE;
}

bool handoff_genuine(const struct handoff_judged *j)
{
    const enum verdict v = result_verdict(&j->result);

    return v == VERDICT_GOOD || v == VERDICT_AGAINST_POLICY;
}

/* The first check that counts against it: what is not genuine before what is not wanted. */
static const struct check *objection(const struct result *r)
{
    static const struct {
        enum subject about;
        enum outcome outcome;
    } order[] = {
        {ABOUT_GENUINENESS, OUTCOME_FAILED},
        {ABOUT_GENUINENESS, OUTCOME_UNKNOWN},
        {ABOUT_POLICY, OUTCOME_FAILED},
        {ABOUT_POLICY, OUTCOME_UNKNOWN},
    };

    for (size_t k = 0; k < N_ELEMENTS(order); k++) {
        for (size_t i = 0; i < r->n; i++) {
            if (r->checks[i].about == order[k].about && r->checks[i].outcome == order[k].outcome)
                return &r->checks[i];
        }
    }
    return NULL;
}

int handoff_verdict(const struct handoff_judged *j, FILE *to)
{
    const enum verdict v = result_verdict(&j->result);
    const struct check *c = objection(&j->result);

    verifier_show_checks(&j->result, to);
    fprintf(to, "\n%s\n", verdict_words(v));
    if (v == VERDICT_GOOD)
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED, "refused, the other side's evidence is %s: %s: %s",
                    v == VERDICT_UNKNOWN ? "not to be judged" : verdict_words(v),
                    c != NULL ? c->name : "result", c != NULL ? c->words : "out of memory");
}
