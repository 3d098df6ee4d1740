/* SPDX-License-Identifier: BSD-2-Clause */
/* status_text.c - `tee-pkcs11 status` for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/seal.h"
#include "cli/status.h"

static void print_store(const struct status *s)
{
    char text[32];
    char hex[2 * PRIM_HASH + 1];

    printf("configuration  %s\n", s->conf->path != NULL ? s->conf->path : "none found: defaults");
    printf("root           %s\n", s->root);
    printf("store          %s\n", s->conf->store);
    if (s->opened == CKR_TOKEN_NOT_PRESENT) {
        puts("               not made yet: `tee-pkcs11 init-token` or C_InitToken makes it");
        return;
    }
    if (s->opened != CKR_OK) {
        printf("               CANNOT BE OPENED HERE (0x%lx)\n", s->opened);
        if (s->explanation != NULL && s->explanation[0] != '\0')
            printf("               %s\n", s->explanation);
        puts("               way out: start the VM that made it and `tee-pkcs11 handoff`, or "
             "`tee-pkcs11 recover`");
        return;
    }
    printf("               opened by %s; measured: %s\n", s->opened_by,
           measured_name(s->store.measured));
    printf("               made %s, master key epoch %" PRIu64 ", commit %" PRIu64 "\n",
           output_time(s->store.created, text), s->store.epoch, s->store.counter);
    printf("store id       %s\n", hex_encode(SPAN_ARRAY(s->store.id), hex));
    printf("fingerprint    %s\n", hex_encode(SPAN_ARRAY(s->store.fingerprint), hex));
}

static void print_seals(const struct status *s)
{
    char text[32], id[2 * 4 + 1];

    for (size_t i = 0; i < s->n_seals; i++) {
        const struct seal_info *seal = &s->seals[i];

        printf("seal           %s %s", hex_encode(span_of(seal->id, 4), id),
               seal_kind_name(seal->kind));
        seal_print_state(seal, s->conf->rollback_days);
        printf(": %s (epoch %" PRIu64 ", %s old)\n", seal->description, seal->epoch,
               output_age(seal->created, text));
    }
}

static void print_pin(const char *who, const struct token_info *t, enum role role)
{
    if (t->fails[role] == 0)
        return;
    printf("               %s PIN: %u of %u wrong tries%s\n", who, t->fails[role], t->pin_tries,
           t->fails[role] >= t->pin_tries ? ", LOCKED" : "");
}

static void print_token(const struct status *s, const struct token_status *t)
{
    char label[33], age[32];

    printf("token          slot %lu  %s  serial %s%s\n", t->info.slot,
           output_label(t->info.label, label), t->info.serial,
           t->info.user_pin_set ? "" : "  (user PIN not set)");
    if (s->opened != CKR_OK)
        return;
    print_pin("SO", &t->info, ROLE_SO);
    print_pin("user", &t->info, ROLE_USER);
    printf("               %" PRIu64 " public %s\n", t->n_public,
           output_word(t->n_public, "object", "objects"));
    printf("               uses of keys that are told: %s by the token's policy, %s by this "
           "configuration\n",
           conf_key_use_name(t->key_use), conf_key_use_name(s->conf->audit_key_use));
    for (size_t i = 0; i < t->n_deks; i++)
        printf("               DEK %s generation %u, %s old%s\n",
               t->deks[i].scope == SCOPE_PRIVATE ? "private" : "public", t->deks[i].generation,
               output_age(t->deks[i].created, age),
               t->deks[i].current ? "" : " (being rotated away)");
}

void status_print_text(const struct status *s)
{
    print_store(s);
    print_seals(s);
    for (size_t i = 0; i < s->n_tokens; i++)
        print_token(s, &s->tokens[i]);
    for (size_t i = 0; i < s->n_warnings; i++)
        output_mark(MARK_WARN, "%s", s->warnings[i]);
}
