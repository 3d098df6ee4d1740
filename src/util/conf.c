/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.c - find, check and read the configuration; see conf.h.
 *
 * Parsed by libconfuse: it names file and line of every fault, has no limit on the length of a line
 * and knows lists, numbers and yes/no. Two of its habits are kept out: `${NAME}` in a value would
 * read the environment of a possibly set-uid program, so a file that holds "${" is refused; and its
 * scanner keeps its state in globals, so parsing is serialised in this process.
 */
#include "util/conf.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/policy.h"

#define SYSTEM_CONF    "/etc/tee-pkcs11/tee-pkcs11.conf"
#define USER_CONF      ".config/tee-pkcs11/tee-pkcs11.conf"
#define SYSTEM_STORE   "/var/lib/tee-pkcs11"
#define DEFAULT_DEVICE "/dev/sev-guest"
#define DEFAULT_TSM    "/sys/kernel/config/tsm/report"
#define TCB_MIN        4 /* components: one more on Turin */

static pthread_mutex_t scanner_lock = PTHREAD_MUTEX_INITIALIZER;

static void free_text(char **text)
{
    free(*text);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* -- errors: the first one that the parser or a check reports, as text ----------------------- */

/* libconfuse hands its callbacks no user pointer, and calls what it parses from memory "[buf]";
 * guarded by scanner_lock. */
static char **error_slot;
static const char *parsing;

static void error_set(char **slot, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void error_set(char **slot, const char *fmt, ...)
{
    va_list args;

    if (slot == NULL || *slot != NULL)
        return;
    va_start(args, fmt);
    if (vasprintf(slot, fmt, args) < 0)
        *slot = NULL;
    va_end(args);
}

static void on_parse_error(cfg_t *cfg, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static void on_parse_error(cfg_t *cfg, const char *fmt, va_list args)
{
    char text[512];
    const int n = vsnprintf(text, sizeof(text), fmt, args);

    if (n < 0)
        return;
    error_set(error_slot, "%s:%d: %s", parsing, cfg->line, text);
}

/* -- the keys -------------------------------------------------------------------------------- */

/* A choice is checked by name so that a bad one is reported with its line and what is possible. */
struct choice {
    const char *key;
    const char *names[4];
};

static const struct choice choices[] = {
    {"root", {"sev-snp", "software", "auto", NULL}}, {"measured", {"", "image", "firmware", NULL}},
    {"binding", {"image", "owner", NULL}},           {"endorsement", {"vcek", "vlek", NULL}},
    {"reports", {"auto", "device", "tsm", NULL}},
    {"audit-key-use", {"none", "secret", "all", NULL}},
    {"audit-full", {"refuse", "count", NULL}},
};

static int choice_index(const struct choice *c, const char *value)
{
    for (int i = 0; c->names[i] != NULL; i++) {
        if (strcmp(c->names[i], value) == 0)
            return i;
    }
    return -1;
}

static const struct choice *choice_find(const char *key)
{
    for (size_t i = 0; i < N_ELEMENTS(choices); i++) {
        if (strcmp(choices[i].key, key) == 0)
            return &choices[i];
    }
    return NULL;
}

/* The value of a choice; the file has passed check_choice(). */
static int choice_get(cfg_t *cfg, const char *key)
{
    return choice_index(choice_find(key), cfg_getstr(cfg, key));
}

static int check_choice(cfg_t *cfg, cfg_opt_t *opt)
{
    const struct choice *c = choice_find(opt->name);
    const char *value = cfg_opt_getnstr(opt, 0);
    const char *const *shown;

    if (c == NULL || value == NULL)
        return -1;
    if (value[0] != '\0' && choice_index(c, value) >= 0)
        return 0;
    shown = c->names[0][0] != '\0' ? c->names : c->names + 1; /* "" is a default, not a choice */
    cfg_error(cfg, "%s = %s: not one of %s, %s%s%s", opt->name, value, shown[0], shown[1],
              shown[2] != NULL ? ", " : "", shown[2] != NULL ? shown[2] : "");
    return -1;
}

struct range {
    const char *key;
    long min, max;
};

static const struct range ranges[] = {
    {"vmpl", 0, 3},
    {"pin-min", 4, 255},
    {"pin-tries", 3, 100},
    {"pin-log2-n", 10, 20},
    {"map-size", 1, 65536},
    {"cache-objects", 16, 1048576},
    {"unseal-cache", 0, 3600},
    {"min-guest-svn", 0, UINT32_MAX},
    {"rollback-days", 0, 3650},
    {"audit-delay", 0, 3600},
};

static int check_range(cfg_t *cfg, cfg_opt_t *opt)
{
    const long value = cfg_opt_getnint(opt, 0);

    for (size_t i = 0; i < N_ELEMENTS(ranges); i++) {
        if (strcmp(ranges[i].key, opt->name) == 0 &&
            (value < ranges[i].min || value > ranges[i].max)) {
            cfg_error(cfg, "%s = %ld: not in %ld..%ld", opt->name, value, ranges[i].min,
                      ranges[i].max);
            return -1;
        }
    }
    return 0;
}

static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

    if (value != NULL && value[0] == '/')
        return 0;
    cfg_error(cfg, "%s = %s: not an absolute path", opt->name, value != NULL ? value : "");
    return -1;
}

/* "4.0.24.219": four or five numbers of a byte. */
static bool tcb_parse(const char *text, struct conf_tcb *ret)
{
    struct conf_tcb tcb = {.n = 0};
    const char *p = text;

    while (tcb.n < CONF_TCB_MAX) {
        char *end;
        const unsigned long v = strtoul(p, &end, 10);

        if (end == p || *p < '0' || *p > '9' || v > UINT8_MAX || (*end != '.' && *end != '\0'))
            return false;
        tcb.v[tcb.n++] = (uint8_t)v;
        if (*end == '\0') {
            *ret = tcb;
            return tcb.n >= TCB_MIN;
        }
        p = end + 1;
    }
    return false;
}

static int check_tcb(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = cfg_opt_getnstr(opt, 0);
    struct conf_tcb tcb;

    if (value != NULL && tcb_parse(value, &tcb))
        return 0;
    cfg_error(cfg, "%s = %s: not four numbers of 0..255 with dots between (five on Turin)",
              opt->name, value != NULL ? value : "");
    return -1;
}

static int check_digest(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = cfg_opt_getnstr(opt, 0);
    uint8_t digest[CONF_DIGEST];

    if (value != NULL && hex_decode(value, digest, sizeof(digest)) &&
        !mem_is_zero(digest, sizeof(digest)))
        return 0;
    cfg_error(cfg, "%s = %s: not the %u hex digits of a SHA-384", opt->name,
              value != NULL ? value : "", 2 * CONF_DIGEST);
    return -1;
}

/* The words of `policy`: each is tried on a set of its own, so that a bad one is reported with its
 * line. */
static int check_policy(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *word = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
    uint32_t set = policy_default();

    if (word != NULL && policy_word(word, &set))
        return 0;
    cfg_error(cfg,
              "%s = %s: not default, strict, compatible, nor a rule (or no- and a rule that can "
              "be relaxed): see tee-pkcs11.conf(5)",
              opt->name, word != NULL ? word : "");
    return -1;
}

/* `recovery-certificate` may be given more than once: libconfuse keeps the last value of a key, so
 * each is collected when it is set. Guarded by scanner_lock. */
static struct conf *collecting;

static int collect_recovery(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = cfg_opt_getnstr(opt, 0);

    if (check_path(cfg, opt) != 0)
        return -1;
    if (collecting->n_recovery == CONF_MAX_RECOVERY) {
        cfg_error(cfg, "more than %u recovery certificates", CONF_MAX_RECOVERY);
        return -1;
    }
    collecting->recovery[collecting->n_recovery] = strdup(value);
    if (collecting->recovery[collecting->n_recovery] == NULL)
        return -1;
    collecting->n_recovery++;
    return 0;
}

/* -- from the parser's values to struct conf -------------------------------------------------- */

static CK_RV text_copy(const char *text, char **ret)
{
    char *copy = strdup(text);

    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    free(*ret);
    *ret = copy;
    return CKR_OK;
}

static CK_RV text_print(char **ret, const char *fmt, const char *a, const char *b)
{
    char *text = NULL;

    /* The formats are constants of this file with two %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    ENSURE(asprintf(&text, fmt, a, b) >= 0, CKR_HOST_MEMORY);
#pragma GCC diagnostic pop
    free(*ret);
    *ret = text;
    return CKR_OK;
}

/* The home directory as the password file has it when the environment cannot be trusted. Empty:
 * there is none. The text is the caller's to free. */
static CK_RV home_directory(char **ret)
{
    const char *home = secure_getenv("HOME");
    char room[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    if (home != NULL && home[0] == '/')
        return text_copy(home, ret);
    if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found != NULL)
        return text_copy(found->pw_dir, ret);
    return text_copy("", ret);
}

static CK_RV default_store(char **ret)
{
    const char *data = secure_getenv("XDG_DATA_HOME");
    AUTO(free_text) char *home = NULL;

    if (geteuid() == 0)
        return text_copy(SYSTEM_STORE, ret);
    if (data != NULL && data[0] == '/')
        return text_print(ret, "%s%s", data, "/tee-pkcs11");
    TRY(home_directory(&home));
    return text_print(ret, "%s%s", home, "/.local/share/tee-pkcs11");
}

static CK_RV conf_defaults(struct conf *c)
{
    c->root = CONF_ROOT_SEV_SNP;
    c->measured = CONF_MEASURED_UNSAID;
    c->pin_min = 4;
    c->pin_tries = 10;
    c->pin_log2_n = 14;
    c->so_reset = true;
    c->cache_objects = 2048;
    c->unseal_cache = 60;
    c->policy = policy_default();
    c->rollback_days = 30;
    c->audit_delay = 1;
    TRY(default_store(&c->store));
    TRY(text_copy(DEFAULT_DEVICE, &c->device));
    TRY(text_copy(DEFAULT_TSM, &c->tsm));
    return text_print(&c->software_key, "%s%s", c->store, ".key");
}

static void take_digest(const char *text, struct conf_digest *ret)
{
    ret->said = text != NULL && hex_decode(text, ret->v, sizeof(ret->v));
}

/* What a SEV-SNP root is asked for. */
static CK_RV take_snp(cfg_t *cfg, struct conf *c)
{
    const char *tcb = cfg_getstr(cfg, "min-tcb");
    const char *tsm = cfg_getstr(cfg, "tsm");

    c->binding = (enum conf_binding)choice_get(cfg, "binding");
    c->endorsement = (enum conf_endorsement)choice_get(cfg, "endorsement");
    c->reports = (enum conf_reports)choice_get(cfg, "reports");
    take_digest(cfg_getstr(cfg, "id-key-digest"), &c->id_key_digest);
    take_digest(cfg_getstr(cfg, "author-key-digest"), &c->author_key_digest);
    c->min_guest_svn = (uint32_t)cfg_getint(cfg, "min-guest-svn");
    ENSURE(tcb == NULL || tcb_parse(tcb, &c->min_tcb), CKR_ARGUMENTS_BAD);
    c->unseal_cache = (uint32_t)cfg_getint(cfg, "unseal-cache");
    c->vmpl = (uint32_t)cfg_getint(cfg, "vmpl");
    c->attest_keys = cfg_getbool(cfg, "attest-keys") == cfg_true;
    return tsm != NULL ? text_copy(tsm, &c->tsm) : CKR_OK;
}

static uint32_t take_policy(cfg_t *cfg)
{
    uint32_t set = policy_default();

    for (unsigned i = 0; i < cfg_size(cfg, "policy"); i++)
        (void)policy_word(cfg_getnstr(cfg, "policy", i), &set); /* checked: it is a word */
    return set;
}

static CK_RV take_names(cfg_t *cfg, const char *key, struct conf_names *ret)
{
    const unsigned n = cfg_size(cfg, key);

    ret->v = calloc(n + 1, sizeof(*ret->v));
    ENSURE(ret->v != NULL, CKR_HOST_MEMORY);
    for (ret->n = 0; ret->n < n; ret->n++)
        TRY(text_copy(cfg_getnstr(cfg, key, (unsigned)ret->n), &ret->v[ret->n]));
    return CKR_OK;
}

static CK_RV take_values(cfg_t *cfg, struct conf *c)
{
    const char *store = cfg_getstr(cfg, "store");
    const char *device = cfg_getstr(cfg, "device");
    const char *key = cfg_getstr(cfg, "software-key");
    const char *owner = cfg_getstr(cfg, "owner-secret");

    if (store != NULL) {
        TRY(text_copy(store, &c->store));
        TRY(text_print(&c->software_key, "%s%s", store, ".key"));
    }
    if (device != NULL)
        TRY(text_copy(device, &c->device));
    if (key != NULL)
        TRY(text_copy(key, &c->software_key));
    if (owner != NULL)
        TRY(text_copy(owner, &c->owner_secret));
    c->root = (enum conf_root)choice_index(&choices[0], cfg_getstr(cfg, "root"));
    c->measured = (enum conf_measured)choice_index(&choices[1], cfg_getstr(cfg, "measured"));
    c->hardware_only = cfg_getbool(cfg, "hardware-only") == cfg_true;
    c->so_reset = cfg_getbool(cfg, "so-reset") == cfg_true;
    TRY(take_snp(cfg, c));
    c->pin_min = (uint32_t)cfg_getint(cfg, "pin-min");
    c->pin_tries = (uint32_t)cfg_getint(cfg, "pin-tries");
    c->pin_log2_n = (uint32_t)cfg_getint(cfg, "pin-log2-n");
    c->map_size = (uint64_t)cfg_getint(cfg, "map-size") << 20;
    c->cache_objects = (uint32_t)cfg_getint(cfg, "cache-objects");
    c->rollback_days = (uint32_t)cfg_getint(cfg, "rollback-days");
    c->audit_key_use = (enum conf_key_use)choice_get(cfg, "audit-key-use");
    c->audit_full = (enum conf_audit_full)choice_get(cfg, "audit-full");
    c->audit_delay = (uint32_t)cfg_getint(cfg, "audit-delay");
    c->count_operations = cfg_getbool(cfg, "count-operations") == cfg_true;
    c->policy = take_policy(cfg);
    TRY(take_names(cfg, "mechanisms-allow", &c->mechanisms_allow));
    return take_names(cfg, "mechanisms-deny", &c->mechanisms_deny);
}

static void free_cfg(cfg_t **cfg)
{
    if (*cfg != NULL)
        cfg_free(*cfg);
}

static CK_RV parse_locked(const char *path, const char *text, struct conf *c, char **error)
{
    cfg_opt_t options[] = {
        CFG_STR("store", NULL, CFGF_NONE),
        CFG_STR("root", "sev-snp", CFGF_NONE),
        CFG_STR("device", NULL, CFGF_NONE),
        CFG_STR("software-key", NULL, CFGF_NONE),
        CFG_STR("recovery-certificate", NULL, CFGF_NONE),
        CFG_BOOL("hardware-only", cfg_false, CFGF_NONE),
        CFG_STR("measured", "", CFGF_NONE),
        CFG_STR("binding", "image", CFGF_NONE),
        CFG_STR("endorsement", "vcek", CFGF_NONE),
        CFG_STR("id-key-digest", NULL, CFGF_NONE),
        CFG_STR("author-key-digest", NULL, CFGF_NONE),
        CFG_INT("min-guest-svn", 0, CFGF_NONE),
        CFG_STR("min-tcb", NULL, CFGF_NONE),
        CFG_STR("reports", "auto", CFGF_NONE),
        CFG_STR("tsm", NULL, CFGF_NONE),
        CFG_INT("unseal-cache", (long)c->unseal_cache, CFGF_NONE),
        CFG_STR("owner-secret", NULL, CFGF_NONE),
        CFG_INT("rollback-days", (long)c->rollback_days, CFGF_NONE),
        CFG_BOOL("attest-keys", cfg_false, CFGF_NONE),
        CFG_INT("vmpl", 0, CFGF_NONE),
        CFG_INT("pin-min", (long)c->pin_min, CFGF_NONE),
        CFG_INT("pin-tries", (long)c->pin_tries, CFGF_NONE),
        CFG_INT("pin-log2-n", (long)c->pin_log2_n, CFGF_NONE),
        CFG_BOOL("so-reset", cfg_true, CFGF_NONE),
        CFG_STR("audit-key-use", "none", CFGF_NONE),
        CFG_STR("audit-full", "refuse", CFGF_NONE),
        CFG_INT("audit-delay", (long)c->audit_delay, CFGF_NONE),
        CFG_BOOL("count-operations", cfg_false, CFGF_NONE),
        CFG_STR_LIST("policy", NULL, CFGF_NONE),
        CFG_STR_LIST("mechanisms-allow", NULL, CFGF_NONE),
        CFG_STR_LIST("mechanisms-deny", NULL, CFGF_NONE),
        CFG_INT("map-size", 0, CFGF_NONE),
        CFG_INT("cache-objects", (long)c->cache_objects, CFGF_NONE),
        CFG_END(),
    };
    AUTO(free_cfg) cfg_t *cfg = cfg_init(options, CFGF_NONE);

    ENSURE(cfg != NULL, CKR_HOST_MEMORY);
    error_slot = error;
    collecting = c;
    (void)cfg_set_error_function(cfg, on_parse_error);
    for (size_t i = 0; i < N_ELEMENTS(choices); i++)
        (void)cfg_set_validate_func(cfg, choices[i].key, check_choice);
    for (size_t i = 0; i < N_ELEMENTS(ranges); i++)
        (void)cfg_set_validate_func(cfg, ranges[i].key, check_range);
    (void)cfg_set_validate_func(cfg, "store", check_path);
    (void)cfg_set_validate_func(cfg, "device", check_path);
    (void)cfg_set_validate_func(cfg, "tsm", check_path);
    (void)cfg_set_validate_func(cfg, "min-tcb", check_tcb);
    (void)cfg_set_validate_func(cfg, "id-key-digest", check_digest);
    (void)cfg_set_validate_func(cfg, "author-key-digest", check_digest);
    (void)cfg_set_validate_func(cfg, "software-key", check_path);
    (void)cfg_set_validate_func(cfg, "owner-secret", check_path);
    (void)cfg_set_validate_func(cfg, "recovery-certificate", collect_recovery);
    (void)cfg_set_validate_func(cfg, "policy", check_policy);
    parsing = path;
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
        error_set(error, "%s:%d: not of the form key = value", path, cfg->line);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return take_values(cfg, c);
}

/* "${" would make the parser read the environment. In comments too: what is one, is for the parser
 * to say ('#' begins none inside a string). */
static bool has_expansion(const char *path, const char *text, char **error)
{
    int line = 1;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n') {
            line++;
        } else if (p[0] == '$' && p[1] == '{') {
            error_set(error, "%s:%d: ${...} is not supported: write the value out", path, line);
            return true;
        }
    }
    return false;
}

/* -- the file -------------------------------------------------------------------------------- */

/* Only root or the caller may be able to say what this program does. */
static CK_RV check_owner(const char *path, int fd, char **error)
{
    struct stat st;

    ENSURE(fstat(fd, &st) == 0, CKR_ARGUMENTS_BAD);
    if (!S_ISREG(st.st_mode)) {
        error_set(error, "%s: not a regular file", path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        error_set(error, "%s: owned by user %u: only root or the caller may own it (chown)", path,
                  (unsigned int)st.st_uid);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error_set(error, "%s: group or others may write it: chmod go-w %s", path, path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (st.st_size > (off_t)CONF_MAX_BYTES) {
        error_set(error, "%s: larger than %u bytes", path, CONF_MAX_BYTES);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return CKR_OK;
}

/* The whole file as text. */
static CK_RV read_text(const char *path, char **error, struct buf *ret)
{
    AUTO(close_fd) int fd = fd_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    ssize_t n;

    if (fd < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        FAIL(CKR_ARGUMENTS_BAD);
    }
    TRY(check_owner(path, fd, error));
    buf_reserve(ret, CONF_MAX_BYTES + 1);
    TRY(buf_ok(ret));
    while ((n = read(fd, ret->p + ret->n, CONF_MAX_BYTES - ret->n)) > 0)
        ret->n += (size_t)n;
    if (n < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (memchr(ret->p, 0, ret->n) != NULL) {
        error_set(error, "%s: holds a zero byte: not a text file", path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    ret->p[ret->n] = '\0';
    return CKR_OK;
}

static CK_RV conf_new(struct conf **ret)
{
    AUTO(conf_freep) struct conf *c = calloc(1, sizeof(*c));

    ENSURE(c != NULL, CKR_HOST_MEMORY);
    TRY(conf_defaults(c));
    *ret = TAKE(c);
    return CKR_OK;
}

CK_RV conf_load_file(const char *path, struct conf **ret, char **ret_error)
{
    AUTO(conf_freep) struct conf *c = NULL;
    AUTO(buf_clear) struct buf text = BUF_INIT;
    CK_RV rv;

    TRY(conf_new(&c));
    TRY(read_text(path, ret_error, &text));
    ENSURE(!has_expansion(path, (const char *)text.p, ret_error), CKR_ARGUMENTS_BAD);
    pthread_mutex_lock(&scanner_lock);
    rv = parse_locked(path, (const char *)text.p, c, ret_error);
    error_slot = NULL;
    collecting = NULL;
    pthread_mutex_unlock(&scanner_lock);
    TRY(rv);
    TRY(text_copy(path, &c->path));
    log_debug(LOG_CONF, "read %s", path);
    *ret = TAKE(c);
    return CKR_OK;
}

/* The file that is to be read; NULL: there is none. A file named by the environment must exist. */
static CK_RV find_file(char **ret)
{
    const char *named = secure_getenv("TEE_PKCS11_CONF");
    AUTO(free_text) char *home = NULL;
    AUTO(free_text) char *path = NULL;

    if (named != NULL && named[0] != '\0')
        return text_copy(named, ret);
    TRY(home_directory(&home));
    TRY(text_print(&path, "%s/%s", home, USER_CONF));
    if (home[0] == '/' && access(path, F_OK) == 0) {
        *ret = TAKE(path);
        return CKR_OK;
    }
    if (access(SYSTEM_CONF, F_OK) == 0)
        return text_copy(SYSTEM_CONF, ret);
    return CKR_OK;
}

CK_RV conf_load(struct conf **ret, char **ret_error)
{
    AUTO(free_text) char *path = NULL;

    TRY(find_file(&path));
    if (path == NULL)
        return conf_new(ret);
    return conf_load_file(path, ret, ret_error);
}

static void names_clear(struct conf_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->v[i]);
    free(names->v);
}

void conf_free(struct conf *c)
{
    if (c == NULL)
        return;
    free(c->path);
    free(c->store);
    free(c->device);
    free(c->tsm);
    free(c->software_key);
    free(c->owner_secret);
    for (size_t i = 0; i < c->n_recovery; i++)
        free(c->recovery[i]);
    names_clear(&c->mechanisms_allow);
    names_clear(&c->mechanisms_deny);
    free(c);
}

const char *conf_root_name(enum conf_root root)
{
    return choices[0].names[root];
}

const char *conf_key_use_name(enum conf_key_use use)
{
    return choice_find("audit-key-use")->names[use];
}

bool conf_key_use_find(const char *name, enum conf_key_use *ret)
{
    const int i = choice_index(choice_find("audit-key-use"), name);

    if (i < 0)
        return false;
    *ret = (enum conf_key_use)i;
    return true;
}

void conf_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&scanner_lock, &fresh, sizeof(scanner_lock));
}
