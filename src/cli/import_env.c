/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_env.c - credentials from .env files and from the environment as data objects, one each:
 * the name is its label, and its application the one given. They are private: to be read they need
 * the PIN.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/env_file.h"
#include "cli/import.h"
#include "cli/read_file.h"

#define ENV_FILE_MAX (16u << 20) /* bytes */

struct reading {
    const char *application;
    struct import_items *items;
    size_t *lines; /* of the items, from the first that is new */
    size_t first, room;
};

static void reading_clear(struct reading *r)
{
    free(r->lines);
}

static CK_RV credential(struct import_items *items, const char *application, struct span name,
                        struct span value)
{
    struct import_item *item = NULL;

    TRY(import_item_new(items, CKO_DATA, name, &item));
    item->is_named = true;
    TRY(attrs_set_bool(item->attrs, CKA_PRIVATE, true));
    TRY(attrs_set(item->attrs, CKA_LABEL, name));
    TRY(attrs_set(item->attrs, CKA_APPLICATION, span_of(application, strlen(application))));
    return attrs_set(item->attrs, CKA_VALUE, value);
}

/* -- files ------------------------------------------------------------------------------------- */

static CK_RV note_line(struct reading *r, size_t line)
{
    const size_t n = r->items->n - r->first;

    if (n == r->room) {
        const size_t room = r->room == 0 ? 64 : 2 * r->room;
        size_t *grown = calloc(room, sizeof(*grown));

        ENSURE(grown != NULL, CKR_HOST_MEMORY);
        if (n > 0)
            memcpy(grown, r->lines, n * sizeof(*grown));
        free(r->lines);
        r->lines = grown;
        r->room = room;
    }
    r->lines[n] = line;
    return CKR_OK;
}

static CK_RV take(struct span name, struct span value, size_t line, void *arg)
{
    struct reading *r = arg;

    TRY(note_line(r, line));
    return credential(r->items, r->application, name, value);
}

static int compare_names(const void *a, const void *b, void *arg)
{
    const struct reading *r = arg;
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    const int c = strcmp(r->items->v[r->first + x].name, r->items->v[r->first + y].name);

    return c != 0 ? c : (x > y) - (x < y);
}

/* Of a name that is set twice, programs take the first value or the last: it is for the owner to
 * say. */
static int refuse_twice(const char *path, const struct reading *r)
{
    const size_t n = r->items->n - r->first;
    size_t *order = calloc(n + 1, sizeof(*order));
    int code = EXIT_DONE;

    if (order == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof(*order), compare_names, (void *)(uintptr_t)r);
    for (size_t i = 1; i < n && code == EXIT_DONE; i++) {
        const char *name = r->items->v[r->first + order[i]].name;

        if (strcmp(name, r->items->v[r->first + order[i - 1]].name) == 0)
            code = cli_fail(EXIT_REFUSED, "%s: %s is set twice, in lines %zu and %zu", path, name,
                            r->lines[order[i - 1]], r->lines[order[i]]);
    }
    free(order);
    return code;
}

int import_env_file(const char *path, const char *application, struct import_items *items)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(reading_clear)
    struct reading r = {.application = application, .items = items, .first = items->n};
    struct env_fault fault = {.line = 0};
    CK_RV rv;

    if (!file_read_max(path, ENV_FILE_MAX, &text))
        return EXIT_FAILED;
    rv = env_parse(buf_span(&text), take, &r, &fault);
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s:%zu: %s", path, fault.line, fault.why);
    if (rv != CKR_OK)
        return cli_fail(EXIT_FAILED, "%s: out of memory", path);
    return refuse_twice(path, &r);
}

/* -- the environment --------------------------------------------------------------------------- */

static CK_RV take_variable(const char *pattern, const char *variable, const char *application,
                           struct import_items *items)
{
    const char *value = strchr(variable, '=');
    char *name;
    CK_RV rv = CKR_OK;

    if (value == NULL || value == variable)
        return CKR_OK;
    name = strndup(variable, (size_t)(value - variable));
    ENSURE(name != NULL, CKR_HOST_MEMORY);
    if (fnmatch(pattern, name, 0) == 0)
        rv = credential(items, application, span_of(name, strlen(name)),
                        span_of(value + 1, strlen(value + 1)));
    free(name);
    return rv;
}

int import_environment(const char *pattern, const char *application, struct import_items *items)
{
    const size_t before = items->n;

    for (char **v = environ; *v != NULL; v++) {
        if (take_variable(pattern, *v, application, items) != CKR_OK)
            return cli_fail(EXIT_FAILED, "out of memory");
    }
    if (items->n == before)
        return cli_fail(EXIT_REFUSED, "no variable %s is in the environment", pattern);
    return EXIT_DONE;
}
