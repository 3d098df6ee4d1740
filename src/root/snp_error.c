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
    const char *name; /* to search for */
    const char *text; /* cause and way out */
};

#define OTHER_VMPCK "Reload sev-guest with another vmpck_id, or reboot"

static const struct meaning open_meanings[] = {
    {ENOENT, "no-device",
     "there is no such device. Is this a SEV-SNP guest? Load its driver (modprobe sev-guest), or "
     "set root = software for development"},
    {ENOTDIR, "no-device", "there is no such device. Correct `device` in the configuration"},
    {ENXIO, "no-driver", "no driver answers there. Load it (modprobe sev-guest)"},
    {ENODEV, "no-driver", "no driver answers there. Load it (modprobe sev-guest)"},
    {EACCES, "no-permission",
     "this user may not open it. Give its group the device by a udev rule, or run the module "
     "behind p11-kit server as the user who owns it"},
    {EPERM, "no-permission",
     "this process may not open it. Allow the device in its container or systemd unit "
     "(DeviceAllow)"},
    {EMFILE, "no-descriptor", "this process has too many files open"},
    {ENFILE, "no-descriptor", "the system has too many files open"},
};

static const struct meaning errno_meanings[] = {
    {EINVAL, "request-malformed",
     "the driver finds the request malformed; is the kernel older than 5.19?"},
    {EFAULT, "request-unreadable", "the driver could not reach the request in memory"},
    {ENOMEM, "no-memory", "the kernel is out of memory; try again"},
    {EINTR, "interrupted", "a signal came in between; try again"},
    {EBUSY, "device-busy", "another request is under way; try again"},
    {ETIMEDOUT, "throttled",
     "the host throttled the request for a minute, and the driver has dropped the channel to the "
     "firmware. " OTHER_VMPCK "; ask the host's operator about guest request throttling"},
    {EBADMSG, "answer-forged",
     "the answer was not authentic, and the driver has dropped the channel to the firmware. "
     "Reboot; if it happens again, the host interferes"},
    {ENOSR, "sequence-exhausted",
     "the channel to the firmware has used up its sequence numbers. Reboot"},
    {ENODEV, "no-driver", "the device went away. Load its driver (modprobe sev-guest)"},
    {EIO, "request-lost", "the request failed on its way to the firmware. " OTHER_VMPCK},
};

static const struct meaning vmm_meanings[] = {
    {SNP_VMM_INVALID_LEN, "certificates-need-room",
     "the host insists on certificates and found no room for them"},
    {SNP_VMM_BUSY, "throttled",
     "the host throttles requests and this kernel gave up, dropping the channel to the firmware. "
     "Use a kernel that waits (6.3 or later) and reboot"},
    {SNP_VMM_GENERIC, "host-failed",
     "the host failed to pass it on. Reboot; ask the host's operator"},
};

static const struct meaning fw_meanings[] = {
    {0x02, "guest-state",
     "the firmware finds this guest in the wrong state (INVALID_GUEST_STATE). Reboot; ask the "
     "host's operator"},
    {0x0b, "message-rejected",
     "the firmware finds the message not authentic (BAD_MEASUREMENT), and the driver has dropped "
     "the channel to it. " OTHER_VMPCK},
    {0x10, "guest-unknown",
     "the firmware does not know this guest (INVALID_GUEST). Reboot; ask the host's operator"},
    {0x16, "message-unknown",
     "the firmware does not know the message (INVALID_PARAM), and the driver has dropped the "
     "channel to it. " OTHER_VMPCK},
    {0x17, "firmware-full", "the firmware is out of resources (RESOURCE_LIMIT). Reboot"},
    {0x1d, "sequence-exhausted",
     "the firmware's message counter has overflown (AEAD_OFLOW). Reboot"},
    {0x23, "firmware-needs-restart",
     "the host's firmware waits for a restart (SHUTDOWN_REQUIRED): ask the host's operator"},
    {0x27, "channel-key-refused",
     "the firmware refuses the channel's key (INVALID_KEY). " OTHER_VMPCK},
    {SNP_FW_NOT_CALLED, "request-lost", "it did not reach the firmware. " OTHER_VMPCK},
    {UINT32_MAX, "host-unreachable", "it did not reach the host (GHCB failure). Reboot"},
};

static const struct meaning status_meanings[] = {
    {SNP_STATUS_INVALID_PARAM, "inputs-refused",
     "the firmware refuses the inputs (status 0x16): the host's firmware may have been rolled back "
     "below the version that the seal was made at, this image may have been launched with a lower "
     "guest SVN than the seal's, the VMPL asked for (vmpl) may be lower than this guest's, or the "
     "firmware may be older than 1.54"},
    {SNP_STATUS_INVALID_KEY, "chip-key-refused",
     "the firmware refuses the processor's key (status 0x27): the host has set MASK_CHIP_KEY, or "
     "launched this VM with VCEK disabled (VCEK_DIS), as some clouds do, or has no VLEK loaded "
     "where endorsement = vlek asks for it. Have the host enable the VCEK, or choose another "
     "endorsement or root of trust (root)"},
};

/* configfs-tsm has errno values of its own; the rest are the driver's. */
static const struct meaning tsm_meanings[] = {
    {ENOENT, "no-tsm",
     "there is no configfs-tsm. Mount configfs (mount -t configfs none /sys/kernel/config), load "
     "sev-guest on Linux 6.7 or later, or set reports = device"},
    {EACCES, "no-permission",
     "this user may not make reports there: only root may. Set reports = device, or run it as "
     "root"},
    {EPERM, "no-permission", "this process may not make reports there. Set reports = device"},
    {EINVAL, "inputs-refused",
     "the request is refused: the VMPL asked for (vmpl) is lower than this guest's "
     "(privlevel_floor), or the firmware refuses it"},
    {ENXIO, "no-provider", "nothing makes reports. Load the driver (modprobe sev-guest)"},
    {EBUSY, "device-busy", "another report is being made; try again"},
    {EFBIG, "answer-too-large",
     "the answer is larger than a report, or than a table of "
     "certificates, can be"},
    {EWOULDBLOCK, "raced", "somebody else wrote there while a report was made. Try again"},
};

static const struct meaning *meaning_find(const struct meaning *table, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].code == code)
            return &table[i];
    }
    return NULL;
}
#define MEANING(table, code) meaning_find((table), N_ELEMENTS(table), (code))

static const char *name_of(const struct meaning *m)
{
    return m != NULL ? m->name : "unknown-error";
}

CK_RV snp_error_open(const char *device, int error)
{
    const struct meaning *m = MEANING(open_meanings, (uint32_t)error);

    log_err("%s: cannot be opened: %s: %s", device, name_of(m),
            m != NULL ? m->text : strerror(error));
    FAIL(CKR_DEVICE_ERROR);
}

/* ENOTTY has three causes that only the history of the process tells apart. */
static const struct meaning *enotty_meaning(bool answered)
{
    static const struct meaning lost = {
        ENOTTY, "vmpck-lost",
        "it answered before and now has no key for its channel to the firmware (VMPCK): a failed "
        "request made the driver drop it. " OTHER_VMPCK};
    static const struct meaning unknown = {
        ENOTTY, "vmpck-lost-or-no-device",
        "it does not know the request: not a sev-guest device, or its channel key (VMPCK) was "
        "dropped after a failed request (see dmesg). Correct `device`, reload sev-guest with "
        "another vmpck_id, or reboot"};

    return answered ? &lost : &unknown;
}

static const struct meaning *ioctl_meaning(int error, uint32_t fw_error, uint32_t vmm_error,
                                           bool answered)
{
    const struct meaning *m = NULL;

    if (error == ENOTTY)
        return enotty_meaning(answered);
    if (error == EIO && vmm_error != 0)
        m = MEANING(vmm_meanings, vmm_error);
    if (error == EIO && m == NULL && fw_error != 0)
        m = MEANING(fw_meanings, fw_error);
    return m != NULL ? m : MEANING(errno_meanings, (uint32_t)error);
}

CK_RV snp_error_ioctl(const char *device, const char *what, int error, uint32_t fw_error,
                      uint32_t vmm_error, bool answered)
{
    const struct meaning *m = ioctl_meaning(error, fw_error, vmm_error, answered);

    log_err("%s: no %s: %s: %s (errno %d, firmware error 0x%x, host error 0x%x)", device, what,
            name_of(m), m != NULL ? m->text : strerror(error), error, fw_error, vmm_error);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV snp_error_tsm(const char *path, const char *attribute, int error)
{
    const struct meaning *m = MEANING(tsm_meanings, (uint32_t)error);

    if (m == NULL)
        m = MEANING(errno_meanings, (uint32_t)error);
    log_err("%s%s%s: no report: %s: %s (errno %d)", path, attribute[0] != '\0' ? "/" : "",
            attribute, name_of(m), m != NULL ? m->text : strerror(error), error);
    FAIL(CKR_DEVICE_ERROR);
}

CK_RV snp_error_status(const char *device, const char *what, uint32_t status)
{
    const struct meaning *m = MEANING(status_meanings, status);

    log_err("%s: no %s: %s: %s (status 0x%x)", device, what, name_of(m),
            m != NULL ? m->text : "the firmware refuses the request", status);
    FAIL(CKR_DEVICE_ERROR);
}
