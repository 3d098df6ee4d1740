/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.h - everything that cases.c can put into its table; one file per noun.
 */
#ifndef TEE_BENCH_WORK_H
#define TEE_BENCH_WORK_H

#include "bench/cases.h"

/* sign.c */
extern const struct work work_raw_sign, work_p11_sign;
extern const struct work work_raw_verify, work_p11_verify;
/* cipher.c */
extern const struct work work_raw_encrypt, work_p11_encrypt;
extern const struct work work_raw_decrypt, work_p11_decrypt;
/* digest.c */
extern const struct work work_raw_digest, work_p11_digest;
extern const struct work work_raw_hmac, work_p11_hmac;
extern const struct work work_raw_random, work_p11_random;
/* secret.c */
extern const struct work work_raw_oaep, work_p11_oaep;
extern const struct work work_raw_ecdh, work_p11_ecdh;
/* generate.c */
extern const struct work work_raw_generate_aes, work_p11_generate_aes;
extern const struct work work_raw_generate_p256, work_p11_generate_p256;
extern const struct work work_raw_generate_rsa, work_p11_generate_rsa;
/* threads.c */
extern const struct work work_raw_threads, work_p11_threads;
/* processes.c */
extern const struct work work_raw_processes, work_p11_processes;
/* lifecycle.c */
extern const struct work work_p11_populate, work_p11_initialize, work_p11_login;
extern const struct work work_p11_session;
/* objects.c */
extern const struct work work_p11_find, work_p11_miss, work_p11_list;
extern const struct work work_p11_read_one, work_p11_read_any, work_p11_sign_any;
extern const struct work work_p11_create_data, work_p11_destroy_data;
/* crowd.c */
extern const struct work work_p11_sessions, work_p11_session_objects;
/* rotate.c */
extern const struct work work_p11_rotate, work_p11_sign_beside;
/* cold.c */
extern const struct work work_raw_null, work_raw_pin, work_raw_cold, work_p11_cold;
extern const struct work work_raw_less_pin, work_p11_less_pin;
extern const struct work work_raw_memory, work_p11_memory;

#endif
