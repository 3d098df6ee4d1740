/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.h - the rules of the model, each a sentence of the standard with its section (v3.2).
 *
 * A rule is one of three sorts. REFUSES: such a call is refused, with such a code. DOES: such a
 * call has such an effect. ANSWERS: what comes back is such. Each can be taken out of a model: then
 * the call is expected to succeed, the effect not to be there, the answer to be another one; a test
 * sees that each such model contradicts the token. One that stands as NOT_STANDARD is off, unless a
 * token is known to work like that (differences.txt).
 */
#ifndef TEE_TESTS_MODEL_RULES_H
#define TEE_TESTS_MODEL_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "util/guard.h"

enum sort { REFUSES, DOES, ANSWERS, NOT_STANDARD };

/* F(identifier, name, sort, code, section, sentence) */
#define RULES(F) RULES_SESSION(F) RULES_OBJECT(F) RULES_OPERATION(F)

#define RULES_SESSION(F)                                                                           \
    F(OPEN_SERIAL, "open-serial", REFUSES, CKR_SESSION_PARALLEL_NOT_SUPPORTED, "5.6.1",            \
      "C_OpenSession needs CKF_SERIAL_SESSION")                                                    \
    F(OPEN_UNDER_SO, "open-read-only-under-so", REFUSES, CKR_SESSION_READ_WRITE_SO_EXISTS,         \
      "5.6.1", "no read-only session opens while the SO is logged in")                             \
    F(SESSION_HANDLE, "session-handle", REFUSES, CKR_SESSION_HANDLE_INVALID, "5.1.2",              \
      "a call needs an open session")                                                              \
    F(CLOSE, "close", DOES, CKR_OK, "5.6.2", "C_CloseSession closes the session")                  \
    F(CLOSE_ALL, "close-all", DOES, CKR_OK, "5.6.3", "C_CloseAllSessions closes every session")    \
    F(LAST_CLOSE, "last-close-logs-out", DOES, CKR_OK, "5.6.2",                                    \
      "closing the last session logs the application out")                                         \
    F(CLOSE_OBJECTS, "close-destroys-session-objects", DOES, CKR_OK, "5.6.2",                      \
      "session objects go with the session that made them")                                        \
    F(RESTART, "restart", DOES, CKR_OK, "5.4.2", "C_Finalize ends sessions and login")             \
    F(STATE, "session-state", ANSWERS, CKR_OK, "5.6.4",                                            \
      "the state follows from CKF_RW_SESSION and from who is logged in")                           \
    F(SESSION_FLAGS, "session-flags", ANSWERS, CKR_OK, "5.6.4",                                    \
      "the flags are those that the session was opened with")                                      \
    F(COUNTS, "session-counts", ANSWERS, CKR_OK, "5.5.3",                                          \
      "C_GetTokenInfo counts sessions and read-write sessions")                                    \
    F(PIN_FLAGS, "pin-flags", ANSWERS, CKR_OK, "3.4",                                              \
      "CKF_..._PIN_COUNT_LOW, FINAL_TRY and LOCKED say how many tries are left")                   \
    F(USER_TYPE, "user-type", REFUSES, CKR_USER_TYPE_INVALID, "5.6.8",                             \
      "C_Login knows the SO, the user and an operation's context")                                 \
    F(LOGIN_TWICE, "login-twice", REFUSES, CKR_USER_ALREADY_LOGGED_IN, "5.6.8",                    \
      "who is logged in does not log in again")                                                    \
    F(LOGIN_OTHER, "login-other", REFUSES, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "5.6.8",            \
      "one of user and SO is logged in at a time")                                                 \
    F(LOGIN_SO_RO, "login-so-read-only", REFUSES, CKR_SESSION_READ_ONLY_EXISTS, "5.6.8",           \
      "the SO does not log in while there is a read-only session")                                 \
    F(LOGIN_PIN, "login-pin", REFUSES, CKR_PIN_INCORRECT, "5.6.8", "the PIN must be right")        \
    F(LOGIN_LOCKED, "login-locked", REFUSES, CKR_PIN_LOCKED, "5.6.8",                              \
      "a PIN that was wrong too often is locked")                                                  \
    F(LOGIN, "login", DOES, CKR_OK, "5.6.8", "C_Login logs every session in")                      \
    F(LOGIN_CONTEXT, "login-context", REFUSES, CKR_OPERATION_NOT_INITIALIZED, "5.6.8",             \
      "CKU_CONTEXT_SPECIFIC needs an operation that waits for it")                                 \
    F(LOGOUT_NOBODY, "logout-nobody", REFUSES, CKR_USER_NOT_LOGGED_IN, "5.6.10",                   \
      "C_Logout needs somebody logged in")                                                         \
    F(LOGOUT, "logout", DOES, CKR_OK, "5.6.10", "C_Logout logs every session out")                 \
    F(LOGOUT_HANDLES, "logout-voids-handles", DOES, CKR_OK, "5.6.10",                              \
      "handles of private objects are void after a logout, for ever")                              \
    F(LOGOUT_OBJECTS, "logout-destroys-private-session-objects", DOES, CKR_OK, "5.6.10",           \
      "private session objects are destroyed by a logout")                                         \
    F(LOGOUT_OPERATIONS, "logout-ends-private-operations", DOES, CKR_OK, "5.6.10",                 \
      "an operation with a private key ends with the login")                                       \
    F(INIT_PIN_SO, "init-pin-so", REFUSES, CKR_USER_NOT_LOGGED_IN, "5.5.8",                        \
      "C_InitPIN is the SO's")                                                                     \
    F(INIT_PIN, "init-pin", DOES, CKR_OK, "5.5.8", "C_InitPIN sets the user's PIN")                \
    F(PIN_LENGTH, "pin-length", REFUSES, CKR_PIN_LEN_RANGE, "5.5.8",                               \
      "a new PIN is neither too short nor too long")                                               \
    F(SET_PIN_RO, "set-pin-read-only", REFUSES, CKR_SESSION_READ_ONLY, "5.5.9",                    \
      "C_SetPIN needs a read-write session")                                                       \
    F(SET_PIN_OLD, "set-pin-old", REFUSES, CKR_PIN_INCORRECT, "5.5.9",                             \
      "C_SetPIN needs the old PIN")                                                                \
    F(SET_PIN_LOCKED, "set-pin-locked", REFUSES, CKR_PIN_LOCKED, "5.5.9",                          \
      "a locked PIN is not changed by C_SetPIN")                                                   \
    F(SET_PIN, "set-pin", DOES, CKR_OK, "5.5.9", "C_SetPIN changes the PIN")

#define RULES_OBJECT(F)                                                                            \
    F(TOKEN_RO, "token-object-read-only", REFUSES, CKR_SESSION_READ_ONLY, "5.7.1",                 \
      "no token object is made in a read-only session")                                            \
    F(PRIVATE_LOGIN, "private-object-login", REFUSES, CKR_USER_NOT_LOGGED_IN, "5.7.1",             \
      "a private object is the user's to make")                                                    \
    F(INCOMPLETE, "template-incomplete", REFUSES, CKR_TEMPLATE_INCOMPLETE, "4.1.1",                \
      "a template has what its object needs")                                                      \
    F(FOREIGN, "template-foreign", REFUSES, CKR_ATTRIBUTE_TYPE_INVALID, "4.1.1",                   \
      "a template has no attribute that its object does not have")                                 \
    F(NEVER_GIVEN, "template-never", REFUSES, CKR_ATTRIBUTE_READ_ONLY, "4.1.1",                    \
      "some attributes are only the token's to set")                                               \
    F(TWICE, "template-twice", REFUSES, CKR_TEMPLATE_INCONSISTENT, "4.1.1",                        \
      "a template does not say two things about one attribute")                                    \
    F(SIZE, "template-size", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "4.1.1",                        \
      "a CK_BBOOL has one byte")                                                                   \
    F(CLASS, "template-class", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "4.1.1",                      \
      "class and key type are ones that the token has")                                            \
    F(MATERIAL, "template-material", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "4.1.1",                \
      "what a key is made of makes such a key")                                                    \
    F(ASKS_PRIVATE, "always-authenticate-private", REFUSES, CKR_TEMPLATE_INCONSISTENT, "4.9",      \
      "CKA_ALWAYS_AUTHENTICATE needs CKA_PRIVATE")                                                 \
    F(HALF_MADE, "refused-create-makes-half", NOT_STANDARD, CKR_OK, "5.7.1",                       \
      "a refused creation can leave an object behind")                                             \
    F(OBJECT_HANDLE, "object-handle", REFUSES, CKR_OBJECT_HANDLE_INVALID, "5.1.1",                 \
      "a call needs an object that is there")                                                      \
    F(PRIVATE_HIDDEN, "private-hidden", DOES, CKR_OK, "4.4",                                       \
      "private objects are there for the user only")                                               \
    F(DESTROY, "destroy", DOES, CKR_OK, "5.7.3", "C_DestroyObject destroys the object")            \
    F(DESTROY_RO, "destroy-read-only", REFUSES, CKR_SESSION_READ_ONLY, "5.7.3",                    \
      "no token object is destroyed in a read-only session")                                       \
    F(DESTROYABLE, "destroyable", REFUSES, CKR_ACTION_PROHIBITED, "4.4",                           \
      "CKA_DESTROYABLE false: the object stays")                                                   \
    F(COPYABLE, "copyable", REFUSES, CKR_ACTION_PROHIBITED, "4.4",                                 \
      "CKA_COPYABLE false: no copy is made")                                                       \
    F(MODIFIABLE, "modifiable", REFUSES, CKR_ACTION_PROHIBITED, "4.4",                             \
      "CKA_MODIFIABLE false: nothing is changed")                                                  \
    F(SET_RO, "set-read-only", REFUSES, CKR_SESSION_READ_ONLY, "5.7.6",                            \
      "no token object is changed in a read-only session")                                         \
    F(UNCHANGEABLE, "unchangeable", REFUSES, CKR_ATTRIBUTE_READ_ONLY, "4.1.2",                     \
      "what has no footnote 8 is not changed")                                                     \
    F(COPY_UNCHANGEABLE, "copy-unchangeable", REFUSES, CKR_ATTRIBUTE_READ_ONLY, "4.1.3",           \
      "a copy differs in what may be changed, and in what C_CopyObject alone gives")               \
    F(ONLY_TRUE, "only-to-true", REFUSES, CKR_ATTRIBUTE_READ_ONLY, "4.1.2",                        \
      "footnote 11: once true, it stays")                                                          \
    F(ONLY_FALSE, "only-to-false", REFUSES, CKR_ATTRIBUTE_READ_ONLY, "4.1.2",                      \
      "footnote 12: once false, it stays")                                                         \
    F(CHANGE, "change", DOES, CKR_OK, "5.7.6", "C_SetAttributeValue changes the attribute")        \
    F(HALF_CHANGED, "refused-change-changes-half", NOT_STANDARD, CKR_OK, "5.7.6",                  \
      "of a refused change of a session object, what stands before the cause is made")             \
    F(REPEAT_ONE_WAY, "repeat-one-way", NOT_STANDARD, CKR_ATTRIBUTE_READ_ONLY, "4.1.2",            \
      "C_SetAttributeValue does not take the value that a one-way attribute has")                  \
    F(PRIVATE_POINT, "private-key-point", NOT_STANDARD, CKR_OK, "6.3.4",                           \
      "an EC private key has CKA_EC_POINT")                                                        \
    F(COPY_PUBLIC, "copy-private-to-public", NOT_STANDARD, CKR_ATTRIBUTE_READ_ONLY, "4.4",         \
      "a copy of a private object is private")                                                     \
    F(COPY_REPEAT, "copy-repeats-one-way", NOT_STANDARD, CKR_ATTRIBUTE_READ_ONLY, "4.1.2",         \
      "C_CopyObject does not take the value that a one-way attribute has")                         \
    F(COPY_MODIFIABLE, "copy-modifiable", NOT_STANDARD, CKR_ATTRIBUTE_READ_ONLY, "5.7.2",          \
      "an object that is not modified is not copied with a change")                                \
    F(COPY_COPYABLE, "copy-not-copyable", NOT_STANDARD, CKR_OK, "4.1.3",                           \
      "a copy may be made one that is not copied")                                                 \
    F(CLOSE_HANDLES, "last-close-voids-handles", NOT_STANDARD, CKR_OK, "5.6.2",                    \
      "no handle of an object is good after the last session has closed")                          \
    F(GET_SENSITIVE, "get-sensitive", REFUSES, CKR_ATTRIBUTE_SENSITIVE, "5.7.5",                   \
      "the value of a key that is sensitive or not extractable is not read")                       \
    F(GET_FOREIGN, "get-foreign", REFUSES, CKR_ATTRIBUTE_TYPE_INVALID, "5.7.5",                    \
      "an attribute that the object does not have is not read")                                    \
    F(GET_ROOM, "get-room", REFUSES, CKR_BUFFER_TOO_SMALL, "5.7.5",                                \
      "a value that does not fit is not read")                                                     \
    F(GET_UNAVAILABLE, "get-unavailable", ANSWERS, CKR_OK, "5.7.5",                                \
      "what was not read has the length CK_UNAVAILABLE_INFORMATION")                               \
    F(GET_LENGTH, "get-length", ANSWERS, CKR_OK, "5.7.5", "the length is the value's")             \
    F(GET_VALUE, "get-value", ANSWERS, CKR_OK, "5.7.5", "the value is the object's")               \
    F(LOCAL, "local", DOES, CKR_OK, "4.8", "CKA_LOCAL is true of what was generated here")         \
    F(ALWAYS_SENSITIVE, "always-sensitive", DOES, CKR_OK, "4.9",                                   \
      "CKA_ALWAYS_SENSITIVE is true of what was generated sensitive")                              \
    F(NEVER_EXTRACTABLE, "never-extractable", DOES, CKR_OK, "4.9",                                 \
      "CKA_NEVER_EXTRACTABLE is true of what was generated so")                                    \
    F(GENERATE_SIZE, "generate-size", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "4.1.1",               \
      "CKA_TOKEN and CKA_PRIVATE have one byte in a template to generate by, too")                 \
    F(GENERATE_PARAMETER, "generate-parameter", REFUSES, CKR_MECHANISM_PARAM_INVALID, "6.13.2",    \
      "CKM_AES_KEY_GEN has no parameter")                                                          \
    F(GENERATE_LENGTH, "generate-length", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "6.13.2",          \
      "an AES key has 16, 24 or 32 bytes")                                                         \
    F(FIND_ACTIVE, "find-active", REFUSES, CKR_OPERATION_ACTIVE, "5.7.7",                          \
      "a session has one search")                                                                  \
    F(FIND_SIZE, "find-size", REFUSES, CKR_ATTRIBUTE_VALUE_INVALID, "5.7.7",                       \
      "a search's CK_BBOOL has one byte")                                                          \
    F(FIND_NONE, "find-not-initialized", REFUSES, CKR_OPERATION_NOT_INITIALIZED, "5.7.8",          \
      "C_FindObjects and C_FindObjectsFinal need a search")                                        \
    F(FIND_FINAL, "find-final", DOES, CKR_OK, "5.7.9", "C_FindObjectsFinal ends the search")       \
    F(FIND_ONLY, "find-only", ANSWERS, CKR_OK, "5.7.8",                                            \
      "what is found matches, is seen, and was not found before")                                  \
    F(FIND_EVERY, "find-every", ANSWERS, CKR_OK, "5.7.8",                                          \
      "a search that says less than it was asked for has found everything")                        \
    F(FIND_HIDDEN, "find-hidden", DOES, CKR_OK, "5.7.7",                                           \
      "a search does not compare what could not be read")

#define RULES_OPERATION(F)                                                                         \
    F(OP_ACTIVE, "operation-active", REFUSES, CKR_OPERATION_ACTIVE, "5.8.1",                       \
      "a session has one operation of a kind")                                                     \
    F(ONE_AT_ALL, "operation-one-at-all", NOT_STANDARD, CKR_OPERATION_ACTIVE, "5.8.1",             \
      "a session has one operation or search at all")                                              \
    F(OP_NONE, "operation-not-initialized", REFUSES, CKR_OPERATION_NOT_INITIALIZED, "5.8.2",       \
      "a step needs an operation")                                                                 \
    F(MECHANISM, "mechanism", REFUSES, CKR_MECHANISM_INVALID, "5.8.1",                             \
      "the mechanism is one that does such operations")                                            \
    F(PARAMETER, "parameter", REFUSES, CKR_MECHANISM_PARAM_INVALID, "5.8.1",                       \
      "the parameter is the mechanism's")                                                          \
    F(IV_LENGTH, "iv-length", REFUSES, CKR_MECHANISM_PARAM_INVALID, "5.8.1",                       \
      "the IV of CBC has 16 bytes")                                                                \
    F(KEY_HANDLE, "key-handle", REFUSES, CKR_KEY_HANDLE_INVALID, "5.8.1",                          \
      "the key is one that is there")                                                              \
    F(KEY_CLASS, "key-class", REFUSES, CKR_KEY_HANDLE_INVALID, "5.8.1", "the key is a key")        \
    F(KEY_TYPE, "key-type", REFUSES, CKR_KEY_TYPE_INCONSISTENT, "5.8.1",                           \
      "the key is of the mechanism's type and of the half that does this")                         \
    F(PAIR_TYPE, "signature-pair-type", REFUSES, CKR_KEY_TYPE_INCONSISTENT, "5.13.1",              \
      "the same, of signatures by RSA and EC")                                                     \
    F(KEY_USAGE, "key-usage", REFUSES, CKR_KEY_FUNCTION_NOT_PERMITTED, "5.8.1",                    \
      "the key's attribute permits it")                                                            \
    F(KEY_SIZE, "hmac-key-size", NOT_STANDARD, CKR_KEY_SIZE_RANGE, "6.20",                         \
      "a key for HMAC is not shorter than the digest")                                             \
    F(CANCEL_NULL, "cancel-by-null", DOES, CKR_OK, "5.8.1",                                        \
      "an initialisation without a mechanism ends the operation")                                  \
    F(CANCEL, "cancel", DOES, CKR_OK, "5.6.5", "C_SessionCancel ends the operations it names")     \
    F(ASKS_LOGIN, "always-authenticate", REFUSES, CKR_USER_NOT_LOGGED_IN, "4.9",                   \
      "a key with CKA_ALWAYS_AUTHENTICATE needs a login for each operation")                       \
    F(CONTEXT, "context-login", DOES, CKR_OK, "5.6.8",                                             \
      "CKU_CONTEXT_SPECIFIC is that login")                                                        \
    F(NO_PARTS, "no-parts", REFUSES, CKR_FUNCTION_NOT_SUPPORTED, "5.2",                            \
      "a mechanism for whole messages takes no parts")                                             \
    F(NO_PARTS_ENDS, "no-parts-ends", DOES, CKR_OK, "5.2",                                         \
      "a part, or an end of parts, that is not taken ends the operation, as every error does")     \
    F(ONCE_MIDDLE, "once-in-the-middle", REFUSES, CKR_OPERATION_ACTIVE, "5.8.2",                   \
      "the single-part call does not end what was begun in parts")                                 \
    F(SIGN_MIDDLE, "sign-in-the-middle", REFUSES, CKR_OPERATION_ACTIVE, "5.13.2",                  \
      "nor do C_Sign and C_Verify")                                                                \
    F(MIDDLE_GOES_ON, "once-in-the-middle-goes-on", DOES, CKR_OK, "5.8.2",                         \
      "the parts go on when the single-part call was refused")                                     \
    F(ONCE, "once-ends", DOES, CKR_OK, "5.8.2", "the single-part call ends the operation")         \
    F(FINAL, "final-ends", DOES, CKR_OK, "5.8.4", "the final call ends the operation")             \
    F(ERROR, "error-ends", DOES, CKR_OK, "5.8.2", "an error ends the operation")                   \
    F(QUERY, "query-goes-on", DOES, CKR_OK, "5.2", "asking for the length ends nothing")           \
    F(SHORT, "short-buffer-goes-on", DOES, CKR_OK, "5.2",                                          \
      "CKR_BUFFER_TOO_SMALL ends nothing")                                                         \
    F(ROOM, "room", REFUSES, CKR_BUFFER_TOO_SMALL, "5.2",                                          \
      "a result that does not fit is not given")                                                   \
    F(LENGTH, "length", ANSWERS, CKR_OK, "5.2", "the length that is told is enough")               \
    F(LENGTH_NEAR, "length-near", ANSWERS, CKR_OK, "5.2",                                          \
      "and not much more: a block, or what a padding or a tag may take")                           \
    F(DATA_LENGTH, "data-length", REFUSES, CKR_DATA_LEN_RANGE, "5.8.2",                            \
      "what is encrypted, or signed, has a length that the mechanism takes")                       \
    F(RSA_DATA_LENGTH, "rsa-data-length", REFUSES, CKR_DATA_LEN_RANGE, "5.8.2",                    \
      "what is encrypted by CKM_RSA_PKCS leaves room for its padding")                             \
    F(RSA_EMPTY, "rsa-sign-empty", NOT_STANDARD, CKR_DATA_LEN_RANGE, "6.1.6",                      \
      "CKM_RSA_PKCS signs, and verifies, no message without a byte")                               \
    F(UPDATE_EMPTY, "decrypt-update-empty", NOT_STANDARD, CKR_BUFFER_TOO_SMALL, "5.10.3",          \
      "with padding, a first part of no bytes is not decrypted")                                   \
    F(CIPHERTEXT, "ciphertext", REFUSES, CKR_ENCRYPTED_DATA_INVALID, "5.10.2",                     \
      "what is decrypted is a ciphertext")                                                         \
    F(CIPHERTEXT_LENGTH, "ciphertext-length", REFUSES, CKR_ENCRYPTED_DATA_LEN_RANGE, "5.10.2",     \
      "what is decrypted has a length that a ciphertext has")                                      \
    F(CIPHERTEXT_EMPTY, "ciphertext-empty", REFUSES, CKR_ENCRYPTED_DATA_LEN_RANGE, "5.10.2",       \
      "a ciphertext with padding or a tag has a byte at least")                                    \
    F(RSA_CIPHERTEXT, "rsa-ciphertext", REFUSES, CKR_ENCRYPTED_DATA_INVALID, "5.10.2",             \
      "what is decrypted by RSA is a ciphertext")                                                  \
    F(RSA_CIPHERTEXT_LENGTH, "rsa-ciphertext-length", REFUSES, CKR_ENCRYPTED_DATA_LEN_RANGE,       \
      "5.10.2", "what is decrypted by RSA is as long as the modulus")                              \
    F(SIGNATURE, "signature", REFUSES, CKR_SIGNATURE_INVALID, "5.15.2",                            \
      "a signature is the data's and the key's")                                                   \
    F(SIGNATURE_LENGTH, "signature-length", REFUSES, CKR_SIGNATURE_LEN_RANGE, "5.15.2",            \
      "a signature has the mechanism's length")                                                    \
    F(ENCRYPTS, "encrypts", ANSWERS, CKR_OK, "5.8", "the ciphertext is OpenSSL's")                 \
    F(DECRYPTS, "decrypts", ANSWERS, CKR_OK, "5.10", "the text is OpenSSL's")                      \
    F(DIGESTS, "digests", ANSWERS, CKR_OK, "5.12", "the digest is OpenSSL's")                      \
    F(SIGNS, "signs", ANSWERS, CKR_OK, "5.13",                                                     \
      "the signature is one that OpenSSL makes, or takes")                                         \
    F(DIGEST_HANDLE, "digest-key-handle", REFUSES, CKR_KEY_HANDLE_INVALID, "5.12.4",               \
      "the key that is digested is one that is there")                                             \
    F(DIGEST_SECRET, "digest-key-secret", REFUSES, CKR_KEY_INDIGESTIBLE, "5.12.4",                 \
      "what is digested is a secret key")                                                          \
    F(DIGEST_VALUE, "digest-key-value", REFUSES, CKR_KEY_INDIGESTIBLE, "5.12.4",                   \
      "what is digested has a value")                                                              \
    F(DIGEST_READABLE, "digest-key-readable", NOT_STANDARD, CKR_KEY_INDIGESTIBLE, "5.12.4",        \
      "a key that can't be read is not digested")                                                  \
    F(BORDERS, "borders", ANSWERS, CKR_OK, "5.2", "nothing is written beyond the room")            \
    F(UNTOUCHED, "refusals-tell-nothing", ANSWERS, CKR_OK, "5.2",                                  \
      "a call that fails leaves its output as it was, or zeros")

enum rule {
#define RULE_ENUM(identifier, name, sort, code, section, sentence) RULE_##identifier,
    RULES(RULE_ENUM)
#undef RULE_ENUM
    N_RULES
};

struct rule_info {
    const char *name;
    enum sort sort;
    CK_RV code;
    const char *section;
    const char *sentence;
};
extern const struct rule_info rules[N_RULES];

/* How a model has a rule. */
enum holding {
    HOLDS,
    LACKS,    /* it is not there */
    MUTATED,  /* a test's: ANSWERS the other way round, else not there */
};

/* The rules of a token. */
struct rulebook {
    enum holding holds[N_RULES];
    CK_RV code[N_RULES]; /* CKR_OK: the standard's; else this token's */
};

void rulebook_standard(struct rulebook *ret);
/* N_RULES: there is none of that name. */
enum rule rule_find(const char *name);
/* As differs from what it was: to see whether that shows. */
void rulebook_mutate(struct rulebook *b, enum rule r);

#endif
