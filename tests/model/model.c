/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - the model's frame, and sessions, logins and PINs; see model.h. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "model_impl.h"

/* -- rules ------------------------------------------------------------------------------------- */

static void expect_code(struct model *m, CK_RV code)
{
    for (unsigned i = 0; i < m->expected.n; i++) {
        if (m->expected.codes[i] == code)
            return;
    }
    if (m->expected.n < MAX_CODES)
        m->expected.codes[m->expected.n++] = code;
}

void refuse(struct model *m, enum rule r, bool condition)
{
    m->undefined = m->undefined || (condition && rules[r].sort == REFUSES &&
                                    m->book->holds[r] == LACKS);
    if (condition && holds(m, r))
        expect_code(m, m->book->code[r] != CKR_OK ? m->book->code[r] : rules[r].code);
}

void refuse_also(struct model *m, enum rule r, bool condition, CK_RV code)
{
    if (condition && holds(m, r))
        expect_code(m, code);
}

void complain(struct model *m, const char *what)
{
    if (!m->wrong)
        (void)snprintf(m->complaint, sizeof(m->complaint), "%s", what);
    m->wrong = true;
}

void answer(struct model *m, enum rule r, bool condition)
{
    char text[300];

    if (m->book->holds[r] == LACKS || condition == (m->book->holds[r] == HOLDS))
        return;
    (void)snprintf(text, sizeof(text), "not so: %s (%s, %s)", rules[r].sentence, rules[r].name,
                   rules[r].section);
    complain(m, text);
}

bool is_free(const struct model *m)
{
    return m->expected.n == 0;
}

static bool is_expected(const struct model *m, CK_RV rv)
{
    for (unsigned i = 0; i < m->expected.n; i++) {
        if (m->expected.codes[i] == rv)
            return true;
    }
    return (rv == CKR_OK && (m->expected.n == 0 || m->expected.or_ok)) ||
           (rv == CKR_BUFFER_TOO_SMALL && m->expected.or_short) || m->expected.any;
}

/* -- the frame --------------------------------------------------------------------------------- */

struct model *model_new(const struct rulebook *book)
{
    struct model *m = calloc(1, sizeof(*m));

    if (m == NULL)
        abort();
    m->book = book;
    m->user = NOBODY;
    m->pins[CKU_USER].pin = PIN_USER;
    m->pins[CKU_SO].pin = PIN_SO;
    return m;
}

void model_free(struct model *m)
{
    if (m == NULL)
        return;
    for (unsigned i = 0; i < N_SESSIONS; i++)
        operations_end(&m->sessions[i]);
    for (unsigned i = 0; i < MAX_OBJECTS; i++)
        free(m->objects[i]);
    free(m);
}

const struct expected *model_expected(const struct model *m)
{
    return &m->expected;
}

static const struct function *function_of(enum fn fn)
{
    static const struct function *const parts[] = {session_functions, object_functions,
                                                   operation_functions};

    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        if (parts[i][fn].expect != NULL)
            return &parts[i][fn];
    }
    abort();
}

static void complain_code(struct model *m, CK_RV rv)
{
    char text[300] = "expected", code[32];

    for (unsigned i = 0; i < m->expected.n && i < 6; i++) {
        (void)snprintf(code, sizeof(code), " 0x%lx", m->expected.codes[i]);
        strncat(text, code, sizeof(text) - strlen(text) - 1);
    }
    if (m->expected.n == 0)
        strncat(text, " CKR_OK", sizeof(text) - strlen(text) - 1);
    (void)snprintf(code, sizeof(code), ", came 0x%lx", rv);
    strncat(text, code, sizeof(text) - strlen(text) - 1);
    complain(m, text);
}

/* Functions that take no session. */
static bool needs_session(enum fn fn)
{
    return fn != FN_OPEN && fn != FN_CLOSE_ALL && fn != FN_TOKEN_INFO && fn != FN_RESTART;
}

struct m_session *session_of(struct model *m, const struct call *c)
{
    return c->session < N_SESSIONS && m->sessions[c->session].open ? &m->sessions[c->session]
                                                                   : NULL;
}

/* What these take must make sense, as it stays: a template, or a key for a mechanism. */
static bool takes_for_good(enum fn fn)
{
    return fn == FN_CREATE || fn == FN_COPY || fn == FN_GENERATE || fn == FN_SET || fn == FN_INIT;
}

/* Where an initialisation without a mechanism is a bad argument, it is so without a session too. */
static bool is_bad_argument(const struct model *m, const struct call *c)
{
    return c->fn == FN_INIT && c->mech == N_MECHS && !HAS(CANCEL_NULL);
}

const char *model_step(struct model *m, const struct call *c, const struct result *r)
{
    const struct function *f = function_of(c->fn);
    const bool no_session = needs_session(c->fn) && session_of(m, c) == NULL;

    m->expected = (struct expected){0};
    m->undefined = false;
    if (r->absent)
        return NULL;
    REFUSE(SESSION_HANDLE, no_session);
    REFUSE_ALSO(SESSION_HANDLE, no_session && is_bad_argument(m, c), CKR_ARGUMENTS_BAD);
    if (!no_session)
        f->expect(m, c, r);
    ANSWER(BORDERS, !r->overrun);
    if (r->rv != CKR_OK)
        ANSWER(UNTOUCHED, !r->touched);
    if (!is_expected(m, r->rv))
        complain_code(m, r->rv);
    if (m->wrong || no_session)
        return m->wrong ? m->complaint : NULL;
    m->expected.lost = m->undefined && r->rv == CKR_OK && takes_for_good(c->fn);
    if (r->rv == CKR_OK && f->succeed != NULL)
        f->succeed(m, c, r);
    if (r->rv != CKR_OK && f->fail != NULL)
        f->fail(m, c, r);
    return m->wrong ? m->complaint : NULL;
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
    uint8_t *grown = malloc(b->n + n + 1);

    if (grown == NULL)
        abort();
    if (b->n > 0)
        memcpy(grown, b->p, b->n);
    if (n > 0)
        memcpy(grown + b->n, p, n);
    free(b->p);
    *b = (struct bytes){grown, b->n + n};
}

void bytes_clear(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){0};
}

/* -- sessions ---------------------------------------------------------------------------------- */

static unsigned count(const struct model *m, bool rw_only)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_SESSIONS; i++)
        n += m->sessions[i].open && (m->sessions[i].rw || !rw_only) ? 1 : 0;
    return n;
}

static void log_out(struct model *m)
{
    m->login++;
    m->user = NOBODY;
    objects_logged_out(m);
    operations_logged_out(m);
}

static void close_one(struct model *m, unsigned i)
{
    struct m_session *s = &m->sessions[i];

    objects_session_closed(m, i);
    operations_end(s);
    *s = (struct m_session){0};
}

static void after_close(struct model *m)
{
    if (count(m, false) > 0)
        return;
    m->closings++;
    if (m->user != NOBODY && HAS(LAST_CLOSE))
        log_out(m);
}

static void expect_open(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    REFUSE(OPEN_SERIAL, (c->flags & CKF_SERIAL_SESSION) == 0);
    REFUSE(OPEN_UNDER_SO, (c->flags & CKF_RW_SESSION) == 0 && m->user == CKU_SO);
}

/* The one that was in the variable is closed when the new one is there. */
static void session_opened(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    close_one(m, c->session);
    m->sessions[c->session] = (struct m_session){
        .open = true, .rw = (c->flags & CKF_RW_SESSION) != 0, .flags = c->flags};
}

static void expect_nothing(struct model *m, const struct call *c, const struct result *r)
{
    (void)m;
    (void)c;
    (void)r;
}

static void close_session(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (!HAS(CLOSE))
        return;
    close_one(m, c->session);
    after_close(m);
}

static void close_all_sessions(struct model *m, const struct call *c, const struct result *r)
{
    (void)c;
    (void)r;
    for (unsigned i = 0; i < N_SESSIONS && HAS(CLOSE_ALL); i++)
        close_one(m, i);
    after_close(m);
}

static void restart(struct model *m, const struct call *c, const struct result *r)
{
    (void)c;
    (void)r;
    if (!HAS(RESTART))
        return;
    for (unsigned i = 0; i < N_SESSIONS; i++)
        close_one(m, i);
    m->user = NOBODY;
    m->login++;
    memset(m->variables, 0, sizeof(m->variables));
}

static CK_STATE state_of(const struct model *m, const struct m_session *s)
{
    if (m->user == CKU_SO)
        return CKS_RW_SO_FUNCTIONS;
    if (m->user == CKU_USER)
        return s->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    return s->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

static void tell_session(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_session *s = session_of(m, c);

    ANSWER(STATE, r->session.state == state_of(m, s));
    ANSWER(SESSION_FLAGS, r->session.flags == s->flags);
}

static bool pin_flags_right(const struct m_pin *p, CK_FLAGS flags, const CK_FLAGS bits[3])
{
    return ((flags & bits[0]) != 0) == (p->wrong > 0) &&
           ((flags & bits[1]) != 0) == (p->wrong + 1 == PIN_TRIES) &&
           ((flags & bits[2]) != 0) == (p->wrong >= PIN_TRIES);
}

static void tell_token(struct model *m, const struct call *c, const struct result *r)
{
    static const CK_FLAGS of_user[] = {CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
                                       CKF_USER_PIN_LOCKED};
    static const CK_FLAGS of_so[] = {CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
                                     CKF_SO_PIN_LOCKED};

    (void)c;
    ANSWER(COUNTS, r->token.ulSessionCount == count(m, false) &&
                       r->token.ulRwSessionCount == count(m, true));
    ANSWER(PIN_FLAGS, pin_flags_right(&m->pins[CKU_USER], r->token.flags, of_user) &&
                          pin_flags_right(&m->pins[CKU_SO], r->token.flags, of_so));
}

/* -- logins ------------------------------------------------------------------------------------ */

static bool is_locked(const struct m_pin *p)
{
    return p->wrong >= PIN_TRIES;
}

/* A try that was wrong, and the one by which it gets locked, answer either code. */
static void expect_pin(struct model *m, const struct m_pin *p, unsigned pin, enum rule wrong,
                       enum rule locked)
{
    refuse(m, locked, is_locked(p));
    refuse(m, wrong, (!is_locked(p) || !holds(m, locked)) && pin != p->pin);
    refuse_also(m, locked, !is_locked(p) && pin != p->pin && p->wrong + 1 == PIN_TRIES,
                rules[locked].code);
}

/* Only a code that says so has counted. */
static void tried(struct m_pin *p, unsigned pin, CK_RV rv)
{
    if (rv == CKR_OK)
        p->wrong = 0;
    else if ((rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED) && pin != p->pin && !is_locked(p))
        p->wrong++;
}

/* Whose PIN CKU_CONTEXT_SPECIFIC asks for. */
static struct m_pin *pin_of_context(struct model *m)
{
    return &m->pins[m->user == CKU_SO ? CKU_SO : CKU_USER];
}

static void expect_context(struct model *m, const struct call *c)
{
    struct m_op *waiting = operation_waiting(session_of(m, c));

    REFUSE(LOGIN_CONTEXT, waiting == NULL);
    if (waiting != NULL)
        expect_pin(m, pin_of_context(m), c->pin, RULE_LOGIN_PIN, RULE_LOGIN_LOCKED);
}

static void expect_login(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (c->user == CKU_CONTEXT_SPECIFIC) {
        expect_context(m, c);
        return;
    }
    REFUSE(USER_TYPE, c->user > CKU_USER);
    if (c->user > CKU_USER)
        return;
    REFUSE(LOGIN_TWICE, m->user == c->user);
    REFUSE(LOGIN_OTHER, m->user != NOBODY && m->user != c->user);
    REFUSE(LOGIN_SO_RO, c->user == CKU_SO && count(m, false) != count(m, true));
    expect_pin(m, &m->pins[c->user], c->pin, RULE_LOGIN_PIN, RULE_LOGIN_LOCKED);
}

static void log_in(struct model *m, const struct call *c, const struct result *r)
{
    if (c->user == CKU_CONTEXT_SPECIFIC) {
        tried(pin_of_context(m), c->pin, r->rv);
        if (HAS(CONTEXT) && operation_waiting(session_of(m, c)) != NULL)
            operation_waiting(session_of(m, c))->needs_login = false;
        return;
    }
    tried(&m->pins[c->user], c->pin, r->rv);
    if (HAS(LOGIN)) {
        m->user = c->user;
        m->login++;
    }
}

/* A PIN that gets locked by a login in the middle logs its user out (4.9). */
static void not_logged_in(struct model *m, const struct call *c, const struct result *r)
{
    if (c->user == CKU_CONTEXT_SPECIFIC) {
        tried(pin_of_context(m), c->pin, r->rv);
        if (r->rv == CKR_PIN_LOCKED && m->user != NOBODY)
            log_out(m);
    } else if (c->user <= CKU_USER) {
        tried(&m->pins[c->user], c->pin, r->rv);
    }
}

static void expect_logout(struct model *m, const struct call *c, const struct result *r)
{
    (void)c;
    (void)r;
    REFUSE(LOGOUT_NOBODY, m->user == NOBODY);
}

static void logged_out(struct model *m, const struct call *c, const struct result *r)
{
    (void)c;
    (void)r;
    if (HAS(LOGOUT))
        log_out(m);
}

/* -- PINs -------------------------------------------------------------------------------------- */

static void expect_init_pin(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    REFUSE(INIT_PIN_SO, m->user != CKU_SO);
    REFUSE(PIN_LENGTH, c->new_pin == PIN_SHORT);
}

static void pin_initialized(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (HAS(INIT_PIN))
        m->pins[CKU_USER] = (struct m_pin){c->new_pin, 0};
}

static void expect_set_pin(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_pin *p = pin_of_context(m);

    (void)r;
    REFUSE(SET_PIN_RO, !session_of(m, c)->rw);
    REFUSE(PIN_LENGTH, c->new_pin == PIN_SHORT);
    expect_pin(m, p, c->pin, RULE_SET_PIN_OLD, RULE_SET_PIN_LOCKED);
}

static void pin_set(struct model *m, const struct call *c, const struct result *r)
{
    struct m_pin *p = pin_of_context(m);

    tried(p, c->pin, r->rv);
    if (HAS(SET_PIN))
        p->pin = c->new_pin;
}

static void pin_not_set(struct model *m, const struct call *c, const struct result *r)
{
    tried(pin_of_context(m), c->pin, r->rv);
}

const struct function session_functions[N_FNS] = {
    [FN_OPEN] = {expect_open, session_opened, NULL},
    [FN_CLOSE] = {expect_nothing, close_session, NULL},
    [FN_CLOSE_ALL] = {expect_nothing, close_all_sessions, NULL},
    [FN_SESSION_INFO] = {expect_nothing, tell_session, NULL},
    [FN_TOKEN_INFO] = {expect_nothing, tell_token, NULL},
    [FN_LOGIN] = {expect_login, log_in, not_logged_in},
    [FN_LOGOUT] = {expect_logout, logged_out, NULL},
    [FN_INIT_PIN] = {expect_init_pin, pin_initialized, NULL},
    [FN_SET_PIN] = {expect_set_pin, pin_set, pin_not_set},
    [FN_RANDOM] = {expect_nothing, NULL, NULL},
    [FN_RESTART] = {expect_nothing, restart, NULL},
};
