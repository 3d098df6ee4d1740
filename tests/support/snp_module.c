/* SPDX-License-Identifier: BSD-2-Clause */
/* snp_module.c - the module on the emulated device; see snp_module.h. */
#include "support/snp_module.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536

static char output[OUTPUT_MAX];

static const char first_state[] =
    "product=milan\nchip=01\nmax_msg_version=1\nhas_key_select=1\nvlek_loaded=0\nvcek_disabled=0\n"
    "mask_chip_key=0\nmask_chip_id=0\ncertificates=1\nguid_mixed=0\nplatform_info=0x25\n"
    "measurement=a1a2a3\npolicy=0x30000\nhost_data=\nid_key_digest=\nauthor_key_digest=\n"
    "family_id=\nimage_id=\nguest_svn=0\nvmpck=0\nfail=none\ndelay_ms=0\ntcb=3.0.10.100\n"
    "launch=1\n";

static const char *mount_path(const char *name, char *ret, size_t room)
{
    const char *mount = getenv("SNP_EMULATOR_MOUNT");

    assert_non_null(mount);
    (void)snprintf(ret, room, "%s/%s", mount, name);
    return ret;
}

void snp_control(const char *lines)
{
    char path[512];
    const int fd = open(mount_path("control", path, sizeof(path)), O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
    assert_int_equal(close(fd), 0);
}

unsigned long long snp_count(const char *name)
{
    static char text[OUTPUT_MAX];
    char path[512], wanted[64];
    FILE *f = fopen(mount_path("control", path, sizeof(path)), "re");
    const char *line;
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    assert_int_equal(fclose(f), 0);
    text[n] = '\0';
    (void)snprintf(wanted, sizeof(wanted), "\n%s=", name);
    line = strstr(text, wanted);
    assert_non_null(line);
    return strtoull(line + strlen(wanted), NULL, 0);
}

void snp_module_start(const char *more_conf)
{
    char conf[4096], device[512];

    snp_control(first_state);
    (void)snprintf(conf, sizeof(conf),
                   "root = sev-snp\ndevice = \"%s\"\nmeasured = image\nhardware-only = yes\n"
                   "pin-log2-n = 10\n%s",
                   mount_path("sev-guest", device, sizeof(device)), more_conf);
    scratch_make(conf);
    module_load();
    ASSERT_OK(p11->C_Initialize(NULL));
}

void snp_module_stop(void)
{
    (void)p11->C_Finalize(NULL);
    module_unload();
    scratch_remove();
}

void snp_module_again(void)
{
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
}

static void read_output(FILE *f)
{
    const size_t n = fread(output, 1, sizeof(output) - 1, f);

    output[n] = '\0';
}

int run(const char *fmt, ...)
{
    char text[4096], command[8192];
    va_list args;
    FILE *f;
    int status;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)snprintf(command, sizeof(command), "TEE_PKCS11='%s'; SCRATCH='%s'; { %s\n} 2>&1",
                   getenv("TEE_TEST_COMMAND"), scratch, text);
    f = popen(command, "re");
    assert_non_null(f);
    read_output(f);
    status = pclose(f);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

const char *run_output(void)
{
    return output;
}

void assert_printed_(const char *words, const char *file, int line)
{
    if (strstr(output, words) != NULL)
        return;
    print_error("'%s' is not in:\n%s\n", words, output);
    _fail(file, line);
}
