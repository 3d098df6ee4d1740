/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_bench.c - the emulated device behind a wrapped ioctl or behind FUSE.
 */
#include "snp_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snp_wrap.h"

/* Everything that a test may have changed. */
static const char first_state[] =
    "product=milan\nchip=01\nmax_msg_version=1\nhas_key_select=1\nvlek_loaded=0\nvcek_disabled=0\n"
    "mask_chip_key=0\nmask_chip_id=0\nhost_asks=0\ncertificates=0\nguid_mixed=0\nplatform_info="
    "0x25\nmeasurement=a1a2a3\n"
    "policy=0x30000\nhost_data=\nid_key_digest=\nauthor_key_digest=\nfamily_id=\nimage_id=\n"
    "guest_svn=0\nvmpck=0\nfail=none\ndelay_ms=0\nlaunch=1\n";

void snp_bench_open(struct snp_bench *ret)
{
    const char *mount = getenv("SNP_EMULATOR_MOUNT");
    int fd;

    *ret = (struct snp_bench){.fuse = mount != NULL};
    if (ret->fuse) {
        (void)snprintf(ret->device, sizeof(ret->device), "%s/sev-guest", mount);
        (void)snprintf(ret->control, sizeof(ret->control), "%s/control", mount);
    } else {
        (void)snprintf(ret->device, sizeof(ret->device), "/tmp/tee-sev-guest-XXXXXX");
        fd = mkstemp(ret->device);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
        assert_true(snp_wrap_start());
    }
    snp_bench_set(ret, first_state);
}

void snp_bench_close(struct snp_bench *b)
{
    if (b->fuse)
        return;
    snp_wrap_stop();
    (void)unlink(b->device);
}

void snp_bench_set(struct snp_bench *b, const char *lines)
{
    const size_t n = strlen(lines);
    int fd;

    if (!b->fuse) {
        assert_true(emulator_control(snp_wrap_emulator(), lines));
        return;
    }
    fd = open(b->control, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, lines, n), n);
    assert_int_equal(close(fd), 0);
}

unsigned long long snp_bench_requests(struct snp_bench *b)
{
    char text[65536];
    const char *line;
    FILE *f;
    size_t n;

    if (!b->fuse)
        return emulator_requests(snp_wrap_emulator());
    f = fopen(b->control, "re");
    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    assert_int_equal(fclose(f), 0);
    text[n] = '\0';
    line = strstr(text, "requests=");
    assert_non_null(line);
    return strtoull(line + strlen("requests="), NULL, 0);
}
