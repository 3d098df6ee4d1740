/* SPDX-License-Identifier: BSD-2-Clause */
/* roles.c - the started processes; see roles.h. */
#include "bench/roles.h"

#include <openssl/pem.h>
#include <stdlib.h>

#include "bench/fault.h"
#include "bench/grow.h"
#include "bench/memory.h"
#include "bench/raw.h"
#include "tee-pkcs11.h"

#define MEMORY_RAW_TURNS 1000

const uint8_t roles_digest[32] = "what p11bench's processes sign.";

/* A process that can sign: with a module's key, or with raw's. */
struct signer {
    struct p11 m;
    CK_OBJECT_HANDLE key;
    EVP_PKEY *pkey; /* raw; owned by the process */
    uint8_t signature[RAW_SIGNATURE_MAX];
    size_t n;
};

static const struct spec signing = {.key = KEY_P256, .prehashed = true};

NODISCARD static CK_RV pem_load(const char *path, EVP_PKEY **ret)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *pkey = NULL;

    ENSURE(file != NULL, FAULT_CHILD);
    pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ENSURE(pkey != NULL, FAULT_OPENSSL);
    *ret = pkey;
    return CKR_OK;
}

NODISCARD static CK_RV key_find(struct signer *s, const char *label)
{
    struct template t;

    template_init(&t);
    template_ulong(&t, CKA_CLASS, CKO_PRIVATE_KEY);
    template_label(&t, label);
    return p11_find_one(&s->m, s->m.session, &t, &s->key);
}

NODISCARD static CK_RV signer_open(const struct child_orders *orders, struct signer *ret)
{
    *ret = (struct signer){.key = 0};
    if (orders->path == NULL)
        return pem_load(orders->key, &ret->pkey);
    TRY(p11_load(&ret->m, orders->path, orders->token, orders->pin));
    TRY(p11_up(&ret->m));
    return orders->key[0] != '\0' ? key_find(ret, orders->key) : CKR_OK;
}

static void signer_close(struct signer *s)
{
    EVP_PKEY_free(s->pkey);
    p11_down(&s->m);
}

NODISCARD static CK_RV signer_sign(struct signer *s)
{
    CK_MECHANISM mech = {.mechanism = CKM_ECDSA};
    CK_BYTE digest[sizeof(roles_digest)];
    CK_ULONG n = sizeof(s->signature);

    s->n = sizeof(s->signature);
    if (s->pkey != NULL)
        return raw_sign(s->pkey, &signing, NULL, SPAN_ARRAY(roles_digest), s->signature, &s->n);
    memcpy(digest, roles_digest, sizeof(digest));
    TRY(s->m.f->C_SignInit(s->m.session, &mech, s->key));
    TRY(s->m.f->C_Sign(s->m.session, digest, sizeof(digest), s->signature, &n));
    s->n = n;
    return CKR_OK;
}

static void signature_print(const struct signer *s)
{
    for (size_t i = 0; i < s->n; i++)
        printf("%02x", s->signature[i]);
    printf("\n");
    fflush(stdout);
}

static CK_RV role_null(const struct child_orders *orders)
{
    (void)orders;
    return CKR_OK;
}

static CK_RV role_cold(const struct child_orders *orders)
{
    struct signer s;

    TRY(signer_open(orders, &s));
    TRY(signer_sign(&s));
    signer_close(&s);
    signature_print(&s);
    return CKR_OK;
}

NODISCARD static CK_RV signer_spend(struct signer *s, double seconds)
{
    const double start = stats_now();
    double now = start;
    size_t turns = 0;

    while (now - start < seconds) {
        TRY(signer_sign(s));
        turns++;
        now = stats_now();
    }
    printf("%zu %.9f\n", turns, now - start);
    fflush(stdout);
    return CKR_OK;
}

static CK_RV role_sign(const struct child_orders *orders)
{
    struct signer s;
    char line[64];

    TRY(signer_open(orders, &s));
    TRY(signer_sign(&s));
    signature_print(&s);
    while (fgets(line, sizeof(line), stdin) != NULL)
        TRY(signer_spend(&s, strtod(line, NULL)));
    signer_close(&s);
    return CKR_OK;
}

/* Find the i-th key of the growth cases, by identifier and by label in turn, and sign with it. */
NODISCARD static CK_RV signer_visit(struct signer *s, size_t i, size_t turn)
{
    if (s->pkey == NULL)
        TRY(grow_find(&s->m, s->m.session, turn % 2 == 0 ? CKA_ID : CKA_LABEL, i, &s->key));
    return signer_sign(s);
}

static CK_RV role_memory(const struct child_orders *orders)
{
    const size_t n = orders->path == NULL ? MEMORY_RAW_TURNS : orders->n;
    const double until = stats_now() + orders->seconds;
    struct signer s;
    size_t bytes = 0;
    size_t turn = 0;

    TRY(signer_open(orders, &s));
    for (turn = 0; turn < n && stats_now() < until; turn++)
        TRY(signer_visit(&s, grow_scatter(turn, n), turn));
    TRY(memory_read(&bytes));
    printf("%zu %zu\n", bytes, turn);
    signer_close(&s);
    return CKR_OK;
}

/* Log in as the SO, say so, and when told to, rotate the DEKs and say how long it took. */
NODISCARD static CK_RV rotor_run(struct p11 *m)
{
    CK_MECHANISM mech = {.mechanism = CKM_TEE_DEK_KEY_GEN};
    CK_OBJECT_HANDLE dek = 0;
    char line[16];
    double start;

    TRY(m->f->C_Login(m->session, CKU_SO, m->pin, m->n_pin));
    printf("ready\n");
    fflush(stdout);
    ENSURE(fgets(line, sizeof(line), stdin) != NULL, FAULT_CHILD);
    start = stats_now();
    TRY(m->f->C_GenerateKey(m->session, &mech, NULL, 0, &dek));
    printf("%.6f\n", stats_now() - start);
    fflush(stdout);
    return CKR_OK;
}

static CK_RV role_rotate(const struct child_orders *orders)
{
    struct p11 m = {0};
    CK_RV rv;

    ENSURE(orders->path != NULL, FAULT_CHILD);
    TRY(p11_load(&m, orders->path, orders->token, orders->pin));
    TRY(p11_up_public(&m));
    rv = rotor_run(&m);
    p11_down(&m);
    return rv;
}

/* What a PIN costs in a process that starts: memory that the kernel has yet to give is most of what
 * a later login doesn't pay any more. */
static CK_RV role_pin(const struct child_orders *orders)
{
    return raw_scrypt(orders->pin);
}

typedef CK_RV role_fn(const struct child_orders *orders);

static role_fn *const roles[CHILD_N_ROLES] = {
    [CHILD_NULL] = role_null,     [CHILD_COLD] = role_cold,     [CHILD_SIGN] = role_sign,
    [CHILD_MEMORY] = role_memory, [CHILD_ROTATE] = role_rotate, [CHILD_PIN] = role_pin,
};

int roles_run(const struct child_orders *orders)
{
    const CK_RV rv = roles[orders->role](orders);

    if (rv != CKR_OK)
        child_say_failure(rv);
    return rv == CKR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
