/* SPDX-License-Identifier: BSD-2-Clause */
/* rules.c - the table of rules; see rules.h. */
#include "rules.h"

#include <string.h>

const struct rule_info rules[N_RULES] = {
#define RULE_ROW(identifier, name, sort, code, section, sentence)                                  \
    [RULE_##identifier] = {name, sort, code, section, sentence},
    RULES(RULE_ROW)
#undef RULE_ROW
};

void rulebook_standard(struct rulebook *ret)
{
    for (unsigned i = 0; i < N_RULES; i++) {
        ret->holds[i] = rules[i].sort == NOT_STANDARD ? LACKS : HOLDS;
        ret->code[i] = CKR_OK;
    }
}

enum rule rule_find(const char *name)
{
    unsigned i = 0;

    while (i < N_RULES && strcmp(rules[i].name, name) != 0)
        i++;
    return (enum rule)i;
}

void rulebook_mutate(struct rulebook *b, enum rule r)
{
    b->holds[r] = b->holds[r] == LACKS ? HOLDS : MUTATED;
}
