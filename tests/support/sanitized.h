/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sanitized.h - is a test built with a sanitizer? SANITIZED_ADDRESS and SANITIZED_THREAD are 0 or
 * 1, SANITIZED is either. gcc says so by macros of its own, clang by a question.
 */
#ifndef TEE_TESTS_SANITIZED_H
#define TEE_TESTS_SANITIZED_H

#ifdef __has_feature
#define SANITIZED_BY(feature) __has_feature(feature)
#else
#define SANITIZED_BY(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SANITIZED_BY(address_sanitizer)
#define SANITIZED_ADDRESS 1
#else
#define SANITIZED_ADDRESS 0
#endif

#if defined(__SANITIZE_THREAD__) || SANITIZED_BY(thread_sanitizer)
#define SANITIZED_THREAD 1
#else
#define SANITIZED_THREAD 0
#endif

#define SANITIZED (SANITIZED_ADDRESS || SANITIZED_THREAD)

#endif
