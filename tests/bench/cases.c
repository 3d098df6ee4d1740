/* SPDX-License-Identifier: BSD-2-Clause */
/* cases.c - the table of cases; see cases.h. Adding a case is adding a row. */
#include "bench/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/work.h"

#define BOTH(verb) .raw = &work_raw_##verb, .p11 = &work_p11_##verb
#define SPEC(...)  .spec = {__VA_ARGS__}

#define SIGN_AND_VERIFY(label, ...)                                                                \
    {.name = "sign-" label, BOTH(sign), SPEC(__VA_ARGS__)},                                        \
    {                                                                                              \
        .name = "verify-" label, BOTH(verify), SPEC(__VA_ARGS__)                                   \
    }
#define RSA(bits)                                                                                  \
    SIGN_AND_VERIFY("rsa" #bits "-pkcs-sha256", .key = KEY_RSA##bits, .mech = CKM_SHA256_RSA_PKCS, \
                    .md = "SHA256", .n = 64),                                                      \
        SIGN_AND_VERIFY("rsa" #bits "-pss-sha256", .key = KEY_RSA##bits,                           \
                        .mech = CKM_SHA256_RSA_PKCS_PSS, .fill = mech_pss_sha256, .md = "SHA256",  \
                        .pss = true, .n = 64)
#define CIPHER(label, verb, type, filler, ossl, tags, bytes)                                       \
    {                                                                                              \
        .name = label, BOTH(verb),                                                                 \
        SPEC(.key = KEY_AES256, .mech = type, .fill = filler, .cipher = ossl, .tag = tags,         \
             .n = bytes)                                                                           \
    }
#define CIPHER_SIZES(label, verb, type, filler, ossl, tags)                                        \
    CIPHER(label "-1k", verb, type, filler, ossl, tags, 1024),                                     \
        CIPHER(label "-64k", verb, type, filler, ossl, tags, 65536),                               \
        CIPHER(label "-1m", verb, type, filler, ossl, tags, 1048576)
#define HMAC(label, bytes)                                                                         \
    {                                                                                              \
        .name = "hmac-sha256-" label, BOTH(hmac),                                                  \
        SPEC(.key = KEY_HMAC, .mech = CKM_SHA256_HMAC, .md = "SHA256", .n = bytes)                 \
    }
#define SHA256(label, bytes)                                                                       \
    {                                                                                              \
        .name = "sha256-" label, BOTH(digest),                                                     \
        SPEC(.mech = CKM_SHA256, .md = "SHA256", .n = bytes)                                       \
    }
#define OBJECTS(label, what, ...)                                                                  \
    {                                                                                              \
        .name = label, .group = CASES_OBJECTS, .unit = STATS_TIME, .p11 = &work_p11_##what,        \
        SPEC(__VA_ARGS__)                                                                          \
    }

/* clang-format off */
static const struct bench_case cases[] = {
    RSA(2048),
    RSA(3072),
    RSA(4096),
    SIGN_AND_VERIFY("ecdsa-p256", .key = KEY_P256, .mech = CKM_ECDSA, .prehashed = true, .n = 32),
    SIGN_AND_VERIFY("ecdsa-p256-sha256", .key = KEY_P256, .mech = CKM_ECDSA_SHA256,
                    .md = "SHA256", .n = 64),
    SIGN_AND_VERIFY("ecdsa-p384", .key = KEY_P384, .mech = CKM_ECDSA, .prehashed = true, .n = 48),
    SIGN_AND_VERIFY("ed25519", .key = KEY_ED25519, .mech = CKM_EDDSA, .n = 64),
    {.name = "rsa2048-oaep-decrypt", BOTH(oaep),
     SPEC(.key = KEY_RSA2048, .mech = CKM_RSA_PKCS_OAEP, .fill = mech_oaep_sha1, .n = 32)},
    {.name = "ecdh-p256-derive", BOTH(ecdh),
     SPEC(.key = KEY_P256, .mech = CKM_ECDH1_DERIVE, .n = 64)},
    CIPHER_SIZES("aes256-gcm-enc", encrypt, CKM_AES_GCM, mech_gcm, "AES-256-GCM",
                 MECH_GCM_TAG_BYTES),
    CIPHER_SIZES("aes256-gcm-dec", decrypt, CKM_AES_GCM, mech_gcm, "AES-256-GCM",
                 MECH_GCM_TAG_BYTES),
    CIPHER_SIZES("aes256-cbc-enc", encrypt, CKM_AES_CBC, mech_iv, "AES-256-CBC", 0),
    CIPHER_SIZES("aes256-ctr-enc", encrypt, CKM_AES_CTR, mech_ctr, "AES-256-CTR", 0),
    HMAC("64", 64),
    HMAC("16k", 16384),
    SHA256("64", 64),
    SHA256("16k", 16384),
    SHA256("1m", 1048576),
    {.name = "random-32", BOTH(random), SPEC(.n = 32)},
    {.name = "genkey-aes256-session", BOTH(generate_aes),
     SPEC(.mech = CKM_AES_KEY_GEN, .batch = 64)},
    {.name = "genpair-p256-session", BOTH(generate_p256),
     SPEC(.mech = CKM_EC_KEY_PAIR_GEN, .batch = 32)},
    {.name = "genpair-p256-token", .p11 = &work_p11_generate_p256,
     SPEC(.mech = CKM_EC_KEY_PAIR_GEN, .batch = 16, .token = true)},
    {.name = "sign-p256-of-10000-sessions", .raw = &work_raw_sign, .p11 = &work_p11_sessions,
     SPEC(.key = KEY_P256, .mech = CKM_ECDSA, .prehashed = true, .n = 32)},
    {.name = "session-objects-growth", .unit = STATS_MEMORY, .single = true,
     .p11 = &work_p11_session_objects},
    {.name = "genpair-rsa2048-session", BOTH(generate_rsa),
     SPEC(.mech = CKM_RSA_PKCS_KEY_PAIR_GEN, .batch = 1, .stretch = 6)},
    {.name = "ecdsa-p256-threads", .group = CASES_THREADS, BOTH(threads), SPEC(.key = KEY_P256)},
    {.name = "ecdsa-p256-processes", .group = CASES_PROCESSES, BOTH(processes),
     SPEC(.key = KEY_P256, .prehashed = true)},
    {.name = "populate", .group = CASES_OBJECTS, .unit = STATS_RATE, .single = true,
     .p11 = &work_p11_populate},
    OBJECTS("init-finalize", initialize),
    OBJECTS("login-logout", login),
    OBJECTS("open-close-session", session),
    OBJECTS("find-by-id", find, .by = CKA_ID),
    OBJECTS("find-by-label", find, .by = CKA_LABEL),
    OBJECTS("find-miss", miss),
    OBJECTS("list-all", list),
    OBJECTS("get-attributes-one", read_one),
    OBJECTS("get-attributes-any", read_any),
    {.name = "sign-any", .group = CASES_OBJECTS, .unit = STATS_TIME, .raw = &work_raw_sign,
     .p11 = &work_p11_sign_any,
     SPEC(.key = KEY_P256, .mech = CKM_ECDSA, .prehashed = true, .n = 32)},
    OBJECTS("create-data", create_data),
    OBJECTS("destroy-data", destroy_data),
    {.name = "rotate-dek", .group = CASES_OBJECTS, .unit = STATS_TIME, .single = true,
     .p11 = &work_p11_rotate, SPEC(.key = KEY_P256, .mech = CKM_ECDSA, .prehashed = true, .n = 32)},
    {.name = "sign-beside-rotation", .group = CASES_OBJECTS, .unit = STATS_SHARE, .single = true,
     .p11 = &work_p11_sign_beside,
     SPEC(.key = KEY_P256, .mech = CKM_ECDSA, .prehashed = true, .n = 32)},
    {.name = "cold-null", .group = CASES_OBJECTS, .unit = STATS_TIME, .raw = &work_raw_null},
    {.name = "cold-pin", .group = CASES_OBJECTS, .unit = STATS_TIME, .raw = &work_raw_pin},
    {.name = "cold-sign", .group = CASES_OBJECTS, .unit = STATS_TIME, .raw = &work_raw_cold,
     .p11 = &work_p11_cold, SPEC(.key = KEY_P256, .prehashed = true, .stretch = 2)},
    {.name = "cold-less-pin", .group = CASES_OBJECTS, .unit = STATS_TIME,
     .raw = &work_raw_less_pin, .p11 = &work_p11_less_pin, SPEC(.key = KEY_P256, .prehashed = true, .stretch = 12)},
    {.name = "memory", .group = CASES_OBJECTS, .unit = STATS_MEMORY, .single = true,
     .raw = &work_raw_memory, .p11 = &work_p11_memory, SPEC(.key = KEY_P256)},
};
/* clang-format on */

static const char *const headings[CASES_N_GROUPS] = {
    [CASES_CRYPTO] = "Operations per second (ratio to raw)",
    [CASES_THREADS] = "Signatures per second of so many threads, one key (ratio to raw)",
    [CASES_PROCESSES] = "Signatures per second of so many processes, one key (ratio to raw)",
    [CASES_OBJECTS] = "With so many private keys in the token",
};

static const struct options_counts just_once = {.v = {0}, .n = 1};

const char *cases_heading(enum cases_group group)
{
    return headings[group];
}

static const struct options_counts *group_counts(const struct options *o, enum cases_group group)
{
    const struct options_counts *const counts[CASES_N_GROUPS] = {
        [CASES_CRYPTO] = &just_once,
        [CASES_THREADS] = &o->threads,
        [CASES_PROCESSES] = &o->processes,
        [CASES_OBJECTS] = &o->objects,
    };

    return counts[group];
}

static struct instance instance_of(const struct bench_case *c, size_t count)
{
    struct instance i = {.c = c, .count = count};

    if (count == 0)
        snprintf(i.name, sizeof(i.name), "%s", c->name);
    else
        snprintf(i.name, sizeof(i.name), "%s@%zu", c->name, count);
    return i;
}

/* The cases of a group at one count, appended. */
static void group_select(const struct options *o, enum cases_group group, size_t count,
                         struct instance *list, size_t *inout_n)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct instance candidate = instance_of(&cases[i], count);

        if (cases[i].group == group && options_selects(o, candidate.name))
            list[(*inout_n)++] = candidate;
    }
}

/* Counts go outside, cases inside: a token is populated once and grows. */
CK_RV cases_select(const struct options *o, struct instance **ret, size_t *ret_n)
{
    struct instance *list = calloc(N_ELEMENTS(cases) * OPTIONS_MAX_COUNTS, sizeof(*list));
    size_t n = 0;

    ENSURE(list != NULL, CKR_HOST_MEMORY);
    for (enum cases_group group = 0; group < CASES_N_GROUPS; group++) {
        const struct options_counts *counts = group_counts(o, group);

        for (size_t i = 0; i < counts->n; i++)
            group_select(o, group, counts->v[i], list, &n);
    }
    *ret = list;
    *ret_n = n;
    return CKR_OK;
}
