/* SPDX-License-Identifier: BSD-2-Clause */
/* cert_table.c - reads the host's table of certificates; see cert_table.h. */
#include "attest/cert_table.h"

#define GUID_BYTES  16
#define ENTRY_BYTES 24
#define MAX_ENTRIES 64

enum slot { SLOT_VCEK, SLOT_VLEK, SLOT_ISSUER, SLOT_ROOT, N_SLOTS };

/* As RFC 4122 writes them. */
static const uint8_t guids[N_SLOTS][GUID_BYTES] = {
    [SLOT_VCEK] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b,
                   0xe8, 0xac, 0xcd},
    [SLOT_VLEK] = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45,
                   0xa0, 0xb8, 0xa1},
    [SLOT_ISSUER] = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
                     0x27, 0xc7, 0x82},
    [SLOT_ROOT] = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01,
                   0x4c, 0xd0, 0xae},
};

/* guid_t: the groups of 4, 2 and 2 bytes are little-endian numbers. */
static bool guid_is(const uint8_t *is, const uint8_t *guid)
{
    static const uint8_t mixed[GUID_BYTES] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    bool swapped = true;

    for (size_t i = 0; i < GUID_BYTES; i++)
        swapped = swapped && is[i] == guid[mixed[i]];
    return swapped || memcmp(is, guid, GUID_BYTES) == 0;
}

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Entries before the zero one. */
static CK_RV count_entries(struct span table, size_t *ret)
{
    for (size_t i = 0; i <= MAX_ENTRIES; i++) {
        ENSURE((i + 1) * ENTRY_BYTES <= table.n, CKR_DATA_INVALID);
        if (mem_is_zero(table.p + i * ENTRY_BYTES, ENTRY_BYTES)) {
            *ret = i;
            return CKR_OK;
        }
    }
    FAIL(CKR_DATA_INVALID);
}

static CK_RV read_entry(struct span table, size_t n_head, const uint8_t *entry,
                        struct span slots[N_SLOTS])
{
    const uint64_t offset = u32_at(entry + GUID_BYTES);
    const uint64_t length = u32_at(entry + GUID_BYTES + 4);

    ENSURE(offset >= n_head && length > 0 && offset + length <= table.n, CKR_DATA_INVALID);
    for (size_t i = 0; i < N_SLOTS; i++) {
        if (!guid_is(entry, guids[i]))
            continue;
        ENSURE(slots[i].n == 0 && length <= EVIDENCE_MAX_CERTIFICATE, CKR_DATA_INVALID);
        slots[i] = span_of(table.p + offset, (size_t)length);
    }
    return CKR_OK;
}

/* Take back what was appended behind the first n. */
static CK_RV undo(struct evidence *e, size_t n, CK_RV rv)
{
    while (e->n_certificates > n)
        buf_clear(&e->certificates[--e->n_certificates]);
    return rv;
}

CK_RV cert_table_read(struct span table, struct evidence *e)
{
    const size_t had = e->n_certificates;
    struct span slots[N_SLOTS] = {{NULL, 0}};
    size_t n = 0;

    TRY(count_entries(table, &n));
    for (size_t i = 0; i < n; i++)
        TRY(read_entry(table, (n + 1) * ENTRY_BYTES, table.p + i * ENTRY_BYTES, slots));
    for (size_t i = 0; i < N_SLOTS; i++) {
        const CK_RV rv = slots[i].n > 0 ? evidence_add_certificate(e, slots[i]) : CKR_OK;

        if (rv != CKR_OK)
            return undo(e, had, rv);
    }
    return CKR_OK;
}
