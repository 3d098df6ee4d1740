/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model_impl.h - the inside of the model, for model.c (sessions, logins, PINs), model_object.c and
 * model_operation.c.
 *
 * Each function of the interface is a row of three: what may be refused, what success changes, what
 * failure changes.
 */
#ifndef TEE_TESTS_MODEL_MODEL_IMPL_H
#define TEE_TESTS_MODEL_MODEL_IMPL_H

#include "mechanism.h"
#include "model.h"

#define PIN_TRIES   3u
#define MAX_OBJECTS (MAX_CALLS + 1) /* by the number of the call that made it */
#define NOBODY      CK_UNAVAILABLE_INFORMATION

struct value {
    size_t n;
    uint8_t p[VALUE_MAX];
};

struct m_object {
    unsigned number;
    enum kind kind;
    bool alive;
    unsigned session; /* a session object's; N_SESSIONS: a token object */
    bool has[N_ATS];
    struct value v[N_ATS];
    bool secret_unknown; /* generated, and never to be read */
};

struct m_op {
    bool active;
    enum mech_id mech;
    struct m_object *key; /* stays although it is destroyed */
    bool needs_login;
    bool fed;
    bool blind; /* it was given what is not to be known */
    struct bytes in, out; /* of all parts so far */
};

struct m_find {
    bool active;
    unsigned login; /* when it began */
    bool wanted[MAX_OBJECTS], seen[MAX_OBJECTS];
};

struct m_session {
    bool open, rw;
    CK_FLAGS flags;
    struct m_op ops[N_OPS];
    struct m_find find;
};

struct m_variable {
    struct m_object *o; /* NULL: nothing was put there */
    unsigned login;     /* the login that the handle was seen under */
    unsigned closings;  /* likewise */
};

struct m_pin {
    unsigned pin, wrong;
};

struct model {
    const struct rulebook *book;
    struct m_session sessions[N_SESSIONS];
    CK_USER_TYPE user; /* NOBODY */
    unsigned login;    /* counts logins and logouts */
    unsigned closings; /* how often the last session has closed */
    struct m_pin pins[2]; /* by CKU_SO and CKU_USER */
    struct m_object *objects[MAX_OBJECTS];
    bool refused[MAX_OBJECTS]; /* calls that made nothing */
    struct m_variable variables[N_OBJECTS];
    struct expected expected;
    char complaint[400];
    bool wrong;
    bool undefined; /* a call that the standard refuses, and this token does not */
};

/* -- rules ------------------------------------------------------------------------------------- */

/* Does the rule hold, as far as refusals and effects go? */
static inline bool holds(const struct model *m, enum rule r)
{
    return m->book->holds[r] == HOLDS;
}

/* Is it known that this token does not have it? */
static inline bool lacks(const struct model *m, enum rule r)
{
    return m->book->holds[r] == LACKS;
}

/* Such a call is refused. */
void refuse(struct model *m, enum rule r, bool condition);
/* Another code that the standard allows for it. */
void refuse_also(struct model *m, enum rule r, bool condition, CK_RV code);
/* What came must be so. */
void answer(struct model *m, enum rule r, bool condition);
#define REFUSE(rule, condition)            refuse(m, RULE_##rule, (condition))
#define REFUSE_ALSO(rule, condition, code) refuse_also(m, RULE_##rule, (condition), (code))
#define ANSWER(rule, condition)            answer(m, RULE_##rule, (condition))
#define HAS(rule)                          holds(m, RULE_##rule)
/* Nothing has been refused so far. */
bool is_free(const struct model *m);
void complain(struct model *m, const char *what);

/* -- parts ------------------------------------------------------------------------------------- */

struct function {
    void (*expect)(struct model *m, const struct call *c, const struct result *r);
    void (*succeed)(struct model *m, const struct call *c, const struct result *r);
    void (*fail)(struct model *m, const struct call *c, const struct result *r);
};
extern const struct function session_functions[N_FNS], object_functions[N_FNS],
    operation_functions[N_FNS];

/* The session of a call; NULL: it has none, which is refused by then. */
struct m_session *session_of(struct model *m, const struct call *c);
/* The object in a variable, as the application may see it; NULL: it may not. */
struct m_object *object_at(struct model *m, unsigned variable);
bool object_bool(const struct m_object *o, enum at at);
bool object_is_private(const struct m_object *o);
/* The user's value can't be read. */
bool object_is_closed(const struct m_object *o);
/* The logout, or the end of a session, as it concerns objects and operations. */
void objects_logged_out(struct model *m);
void objects_session_closed(struct model *m, unsigned session);
void operations_logged_out(struct model *m);
void operations_end(struct m_session *s);
/* It has an operation or a search. */
bool session_is_busy(const struct m_session *s);
/* The operation of this session that waits for a login of its own; NULL: none. */
struct m_op *operation_waiting(struct m_session *s);
void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_clear(struct bytes *b);

#endif
