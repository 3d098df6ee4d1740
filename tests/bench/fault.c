/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - names of return codes and of the benchmark's own reasons; see fault.h. */
#include "bench/fault.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#define CODE(name)                                                                                 \
    {                                                                                              \
        CKR_##name, #name                                                                          \
    }

/* clang-format off */
static const struct {
    CK_RV rv;
    const char *name;
} names[] = {
    {FAULT_WRONG, "WRONG RESULT"},
    {FAULT_OPENSSL, "OpenSSL refused"},
    {FAULT_NONE, "not applicable"},
    {FAULT_DIED, "process died"},
    {FAULT_SLOW, "too slow"},
    {FAULT_CHILD, "started process failed"},
    {FAULT_CROWDED, "token holds more keys"},
    CODE(OK),
    CODE(CANCEL),
    CODE(HOST_MEMORY),
    CODE(SLOT_ID_INVALID),
    CODE(GENERAL_ERROR),
    CODE(FUNCTION_FAILED),
    CODE(ARGUMENTS_BAD),
    CODE(NO_EVENT),
    CODE(NEED_TO_CREATE_THREADS),
    CODE(CANT_LOCK),
    CODE(ATTRIBUTE_READ_ONLY),
    CODE(ATTRIBUTE_SENSITIVE),
    CODE(ATTRIBUTE_TYPE_INVALID),
    CODE(ATTRIBUTE_VALUE_INVALID),
    CODE(ACTION_PROHIBITED),
    CODE(DATA_INVALID),
    CODE(DATA_LEN_RANGE),
    CODE(DEVICE_ERROR),
    CODE(DEVICE_MEMORY),
    CODE(DEVICE_REMOVED),
    CODE(ENCRYPTED_DATA_INVALID),
    CODE(ENCRYPTED_DATA_LEN_RANGE),
    CODE(FUNCTION_CANCELED),
    CODE(FUNCTION_NOT_PARALLEL),
    CODE(FUNCTION_NOT_SUPPORTED),
    CODE(KEY_HANDLE_INVALID),
    CODE(KEY_SIZE_RANGE),
    CODE(KEY_TYPE_INCONSISTENT),
    CODE(KEY_NOT_NEEDED),
    CODE(KEY_CHANGED),
    CODE(KEY_NEEDED),
    CODE(KEY_INDIGESTIBLE),
    CODE(KEY_FUNCTION_NOT_PERMITTED),
    CODE(KEY_NOT_WRAPPABLE),
    CODE(KEY_UNEXTRACTABLE),
    CODE(MECHANISM_INVALID),
    CODE(MECHANISM_PARAM_INVALID),
    CODE(OBJECT_HANDLE_INVALID),
    CODE(OPERATION_ACTIVE),
    CODE(OPERATION_NOT_INITIALIZED),
    CODE(PIN_INCORRECT),
    CODE(PIN_INVALID),
    CODE(PIN_LEN_RANGE),
    CODE(PIN_EXPIRED),
    CODE(PIN_LOCKED),
    CODE(SESSION_CLOSED),
    CODE(SESSION_COUNT),
    CODE(SESSION_HANDLE_INVALID),
    CODE(SESSION_PARALLEL_NOT_SUPPORTED),
    CODE(SESSION_READ_ONLY),
    CODE(SESSION_EXISTS),
    CODE(SESSION_READ_ONLY_EXISTS),
    CODE(SESSION_READ_WRITE_SO_EXISTS),
    CODE(SIGNATURE_INVALID),
    CODE(SIGNATURE_LEN_RANGE),
    CODE(TEMPLATE_INCOMPLETE),
    CODE(TEMPLATE_INCONSISTENT),
    CODE(TOKEN_NOT_PRESENT),
    CODE(TOKEN_NOT_RECOGNIZED),
    CODE(TOKEN_WRITE_PROTECTED),
    CODE(UNWRAPPING_KEY_SIZE_RANGE),
    CODE(UNWRAPPING_KEY_TYPE_INCONSISTENT),
    CODE(USER_ALREADY_LOGGED_IN),
    CODE(USER_NOT_LOGGED_IN),
    CODE(USER_PIN_NOT_INITIALIZED),
    CODE(USER_TYPE_INVALID),
    CODE(USER_ANOTHER_ALREADY_LOGGED_IN),
    CODE(USER_TOO_MANY_TYPES),
    CODE(WRAPPED_KEY_INVALID),
    CODE(WRAPPED_KEY_LEN_RANGE),
    CODE(WRAPPING_KEY_HANDLE_INVALID),
    CODE(WRAPPING_KEY_SIZE_RANGE),
    CODE(WRAPPING_KEY_TYPE_INCONSISTENT),
    CODE(RANDOM_SEED_NOT_SUPPORTED),
    CODE(RANDOM_NO_RNG),
    CODE(DOMAIN_PARAMS_INVALID),
    CODE(CURVE_NOT_SUPPORTED),
    CODE(BUFFER_TOO_SMALL),
    CODE(SAVED_STATE_INVALID),
    CODE(INFORMATION_SENSITIVE),
    CODE(STATE_UNSAVEABLE),
    CODE(CRYPTOKI_NOT_INITIALIZED),
    CODE(CRYPTOKI_ALREADY_INITIALIZED),
    CODE(MUTEX_BAD),
    CODE(MUTEX_NOT_LOCKED),
    CODE(NEW_PIN_MODE),
    CODE(NEXT_OTP),
    CODE(EXCEEDED_MAX_ITERATIONS),
    CODE(FIPS_SELF_TEST_FAILED),
    CODE(LIBRARY_LOAD_FAILED),
    CODE(PIN_TOO_WEAK),
    CODE(PUBLIC_KEY_INVALID),
    CODE(FUNCTION_REJECTED),
    CODE(AEAD_DECRYPT_FAILED),
    CODE(TOKEN_RESOURCE_EXCEEDED),
    CODE(OPERATION_CANCEL_FAILED),
    CODE(KEY_EXHAUSTED),
    CODE(PENDING),
    CODE(SESSION_ASYNC_NOT_SUPPORTED),
    CODE(SEED_RANDOM_REQUIRED),
    CODE(OPERATION_NOT_VALIDATED),
    CODE(TOKEN_NOT_INITIALIZED),
    CODE(PARAMETER_SET_NOT_SUPPORTED),
};
/* clang-format on */

static pthread_mutex_t words_lock = PTHREAD_MUTEX_INITIALIZER;
static char words[FAULT_TEXT];

CK_RV fault_wrong(const char *fmt, ...)
{
    va_list args;

    pthread_mutex_lock(&words_lock);
    va_start(args, fmt);
    if (words[0] == '\0')
        vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    pthread_mutex_unlock(&words_lock);
    return FAULT_WRONG;
}

const char *fault_words(void)
{
    return words;
}

char *fault_name(CK_RV rv, char text[FAULT_TEXT])
{
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        if (names[i].rv == rv) {
            snprintf(text, FAULT_TEXT, "%s", names[i].name);
            return text;
        }
    }
    snprintf(text, FAULT_TEXT, "0x%lx", rv);
    return text;
}
