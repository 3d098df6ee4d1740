/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - one log: syslog (authpriv), or standard error from the command and under
 * TEE_PKCS11_DEBUG. Never a secret, never an attribute value, never to stderr by default.
 *
 * TEE_PKCS11_DEBUG is a comma-separated list of topics, `all`, or `help`; read by secure_getenv.
 * Messages say the cause and the way out. Library code below core/ and keyring/ logs at debug only,
 * except where the cause is known nowhere else (a device status, a broken row).
 */
#ifndef TEE_UTIL_LOG_H
#define TEE_UTIL_LOG_H

#include "util/guard.h"

enum log_topic {
    LOG_ERROR_TRACE, /* where CK_RVs start and pass */
    LOG_CONF,
    LOG_ROOT,
    LOG_STORE,
    LOG_KEYRING,
    LOG_VAULT,
    LOG_CORE,
    LOG_CRYPTO,
    LOG_N_TOPICS
};

/* Read TEE_PKCS11_DEBUG; may be called again. */
void log_setup(void);
/* The command calls this: everything of warning and above goes to stderr, not to syslog. */
void log_to_stderr(bool on);
/* True when the topic is being debugged. */
bool log_debugs(enum log_topic topic);

void log_debug(enum log_topic topic, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_err(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
