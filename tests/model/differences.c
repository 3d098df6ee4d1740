/* SPDX-License-Identifier: BSD-2-Clause */
/* differences.c - the file of differences; see differences.h. */
#include "differences.h"

#include <stdio.h>
#include <string.h>

#include "support/module.h"

#define N_FIELDS 5

static const struct {
    const char *name;
    CK_RV code;
} codes[] = {
#define CODE(name) {#name, name}
    CODE(CKR_ARGUMENTS_BAD),
    CODE(CKR_ACTION_PROHIBITED),
    CODE(CKR_ATTRIBUTE_READ_ONLY),
    CODE(CKR_ATTRIBUTE_TYPE_INVALID),
    CODE(CKR_ATTRIBUTE_VALUE_INVALID),
    CODE(CKR_DATA_LEN_RANGE),
    CODE(CKR_ENCRYPTED_DATA_INVALID),
    CODE(CKR_ENCRYPTED_DATA_LEN_RANGE),
    CODE(CKR_FUNCTION_FAILED),
    CODE(CKR_FUNCTION_NOT_SUPPORTED),
    CODE(CKR_GENERAL_ERROR),
    CODE(CKR_KEY_FUNCTION_NOT_PERMITTED),
    CODE(CKR_KEY_HANDLE_INVALID),
    CODE(CKR_KEY_SIZE_RANGE),
    CODE(CKR_KEY_TYPE_INCONSISTENT),
    CODE(CKR_MECHANISM_INVALID),
    CODE(CKR_MECHANISM_PARAM_INVALID),
    CODE(CKR_OBJECT_HANDLE_INVALID),
    CODE(CKR_OPERATION_ACTIVE),
    CODE(CKR_OPERATION_NOT_INITIALIZED),
    CODE(CKR_PIN_INCORRECT),
    CODE(CKR_PIN_LEN_RANGE),
    CODE(CKR_SESSION_READ_ONLY),
    CODE(CKR_SIGNATURE_INVALID),
    CODE(CKR_SIGNATURE_LEN_RANGE),
    CODE(CKR_TEMPLATE_INCOMPLETE),
    CODE(CKR_TEMPLATE_INCONSISTENT),
    CODE(CKR_USER_NOT_LOGGED_IN),
#undef CODE
};

static char *trim(char *s)
{
    size_t n;

    while (*s == ' ')
        s++;
    n = strlen(s);
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\n'))
        s[--n] = 0;
    return s;
}

static void take_what(const char *what, struct difference *d)
{
    d->holds = HOLDS;
    d->code = CKR_OK;
    if (strcmp(what, "no") == 0)
        d->holds = LACKS;
    if (strcmp(what, "no") == 0 || strcmp(what, "yes") == 0)
        return;
    for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
        if (strcmp(codes[i].name, what) == 0)
            d->code = codes[i].code;
    }
    if (d->code == CKR_OK)
        fail_msg("differences, line %u: %s is neither yes, no nor a known code", d->line, what);
}

static void take_line(char *line, struct difference *d)
{
    char *fields[N_FIELDS];
    char *rest = line;

    for (unsigned i = 0; i < N_FIELDS; i++) {
        char *field = i + 1 < N_FIELDS ? strsep(&rest, "|") : rest;

        if (field == NULL)
            fail_msg("differences, line %u: token | rule | what | section | reason", d->line);
        fields[i] = trim(field);
    }
    (void)snprintf(d->token, sizeof(d->token), "%s", fields[0]);
    d->rule = rule_find(fields[1]);
    if (d->rule == N_RULES)
        fail_msg("differences, line %u: no rule %s", d->line, fields[1]);
    take_what(fields[2], d);
    if (strcmp(fields[3], rules[d->rule].section) != 0)
        fail_msg("differences, line %u: the section of %s is %s", d->line, fields[1],
                 rules[d->rule].section);
    if (strlen(fields[4]) < 20)
        fail_msg("differences, line %u: a reason is a sentence", d->line);
}

void differences_read(const char *path, struct differences *ret)
{
    FILE *f = fopen(path, "re");
    char line[1000];
    unsigned number = 0;

    assert_non_null(f);
    *ret = (struct differences){0};
    while (fgets(line, sizeof(line), f) != NULL) {
        number++;
        if (line[0] == '#' || *trim(line) == 0)
            continue;
        assert_true(ret->n < MAX_DIFFERENCES);
        ret->v[ret->n].line = number;
        take_line(line, &ret->v[ret->n++]);
    }
    (void)fclose(f);
}

void differences_apply(const struct differences *d, const char *token, unsigned without,
                       struct rulebook *ret)
{
    rulebook_standard(ret);
    for (unsigned i = 0; i < d->n; i++) {
        if (i == without || strcmp(d->v[i].token, token) != 0)
            continue;
        ret->holds[d->v[i].rule] = d->v[i].holds;
        ret->code[d->v[i].rule] = d->v[i].code;
    }
}
