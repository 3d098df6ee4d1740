/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_error.c - the refusals of the sev-guest device, one table per layer that can refuse.
 *
 * A request passes through the kernel driver (errno), the host (vmm_error), the firmware's command
 * interface (fw_error) and the firmware's message handler (status in the response). Each says no in
 * its own numbers, and each has another way out; nobody but this file knows them.
 */
#include "root/snp_error.h"

#include <errno.h>
#include <string.h>

#include "root/snp_abi.h"
#include "util/log.h"

struct meaning {
    uint32_t code;
    const char *text;
};

static const struct meaning open_meanings[] = {
    {ENOENT, "there is no such device. Is this a SEV-SNP guest? Load its driver (modprobe "
             "sev-guest), or set root = software for development"},
    {ENOTDIR, "there is no such device. Correct `device` in the configuration"},
    {ENXIO, "no driver answers there. Load it (modprobe sev-guest)"},
    {ENODEV, "no driver answers there. Load it (modprobe sev-guest)"},
    {EACCES, "this user may not open it. Give its group the device by a udev rule, or run the "
             "module behind p11-kit server as the user who owns it"},
    {EPERM, "this process may not open it. Allow the device in its container or systemd unit "
            "(DeviceAllow)"},
    {EMFILE, "this process has too many files open"},
    {ENFILE, "the system has too many files open"},
};

static const struct meaning errno_meanings[] = {
    {EINVAL, "the driver finds the request malformed; is the kernel older than 5.19?"},
    {EFAULT, "the driver could not reach the request in memory"},
    {ENOMEM, "the kernel is out of memory; try again"},
    {ETIMEDOUT, "the host throttled the request for a minute, and the driver has dropped the "
                "channel to the firmware. Reload sev-guest with another vmpck_id, or reboot; ask "
                "the host's operator about guest request throttling"},
    {EBADMSG, "the answer was not authentic, and the driver has dropped the channel to the "
              "firmware. Reboot; if it happens again, the host interferes"},
    {ENOSR, "the channel to the firmware has used up its sequence numbers. Reboot"},
    {ENODEV, "the device went away. Load its driver (modprobe sev-guest)"},
    {EIO, "the request failed on its way to the firmware. Reload sev-guest with another vmpck_id, "
          "or reboot"},
};

static const struct meaning vmm_meanings[] = {
    {SNP_VMM_INVALID_LEN, "the host insists on certificates and found no room for them"},
    {SNP_VMM_BUSY, "the host throttles requests and this kernel gave up, dropping the channel to "
                   "the firmware. Use a kernel that waits (6.3 or later) and reboot"},
    {SNP_VMM_GENERIC, "the host failed to pass it on. Reboot; ask the host's operator"},
};

static const struct meaning fw_meanings[] = {
    {0x16, "the firmware does not know the message (INVALID_PARAM), and the driver has dropped the "
           "channel to it. Reload sev-guest with another vmpck_id, or reboot"},
    {0x1d, "the firmware's message counter has overflown (AEAD_OFLOW). Reboot"},
    {0x27, "the firmware refuses the channel's key (INVALID_KEY). Reload sev-guest with another "
           "vmpck_id, or reboot"},
    {SNP_FW_NOT_CALLED, "it did not reach the firmware. Reload sev-guest with another vmpck_id, or "
                        "reboot"},
    {UINT32_MAX, "it did not reach the host (GHCB failure). Reboot"},
};

static const struct meaning status_meanings[] = {
    {SNP_STATUS_INVALID_PARAM,
     "the firmware refuses the inputs (status 0x16): the host's firmware may have been rolled back "
     "below the version that the seal was made at, the VMPL asked for (vmpl) may be lower than "
     "this guest's, or the firmware may be older than 1.54"},
    {SNP_STATUS_INVALID_KEY,
     "the firmware refuses the chip's key (status 0x27): the host has set MASK_CHIP_KEY, or "
     "launched this VM with VCEK disabled (VCEK_DIS), as some clouds do. Have the host enable "
     "the VCEK, or use another root of trust (root)"},
};

static const char *meaning_find(const struct meaning *table, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].code == code)
            return table[i].text;
    }
    return NULL;
}
#define MEANING(table, code) meaning_find((table), N_ELEMENTS(table), (code))

CK_RV snp_error_open(const char *device, int error)
{
    const char *text = MEANING(open_meanings, (uint32_t)error);

    log_err("%s: cannot be opened: %s", device, text != NULL ? text : strerror(error));
    FAIL(CKR_DEVICE_ERROR);
}

/* ENOTTY has three causes that only the history of the process tells apart. */
static const char *enotty_meaning(bool answered)
{
    if (answered)
        return "it answered before and now has no key for its channel to the firmware (VMPCK): a "
               "failed request made the driver drop it. Reload sev-guest with another vmpck_id, "
               "or reboot";
    return "it does not know the request: not a sev-guest device, or its channel key (VMPCK) was "
           "dropped after a failed request (see dmesg). Correct `device`, reload sev-guest with "
           "another vmpck_id, or reboot";
}

static const char *ioctl_meaning(int error, uint32_t fw_error, uint32_t vmm_error, bool answered)
{
    const char *text = NULL;

    if (error == ENOTTY)
        return enotty_meaning(answered);
    if (error == EIO && vmm_error != 0)
        text = MEANING(vmm_meanings, vmm_error);
    if (error == EIO && text == NULL && fw_error != 0)
        text = MEANING(fw_meanings, fw_error);
    return text != NULL ? text : MEANING(errno_meanings, (uint32_t)error);
}

CK_RV snp_error_ioctl(const char *device, const char *what, int error, uint32_t fw_error,
                      uint32_t vmm_error, bool answered)
{
    const char *text = ioctl_meaning(error, fw_error, vmm_error, answered);

    log_err("%s: no %s: %s (errno %d, firmware error 0x%x, host error 0x%x)", device, what,
            text != NULL ? text : strerror(error), error, fw_error, vmm_error);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV snp_error_status(const char *device, const char *what, uint32_t status)
{
    const char *text = MEANING(status_meanings, status);

    log_err("%s: no %s: %s (status 0x%x)", device, what,
            text != NULL ? text : "the firmware refuses the request", status);
    FAIL(CKR_DEVICE_ERROR);
}
