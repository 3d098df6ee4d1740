#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-policy.sh - the policy of applications, as `doctor` shows it.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

configure
make_token web
tee 0 doctor
says "policy: no rule is relaxed"

configure "policy = {no-wrap-strength, no-derive-protected}"
tee 0 doctor
says "policy: wrap-strength is relaxed"
says "policy: derive-protected is relaxed"
says_not "policy: wrap-trusted is relaxed"
says_not "no rule is relaxed"

configure "policy = compatible"
tee 0 doctor
says "policy: wrap-trusted is relaxed"
says_not "one-way is relaxed"

configure "policy = {default, lax}"
tee 1 doctor
complains "policy = lax"
complains "conf:4"

configure "mechanisms-deny = CKM_SHA257"
tee 1 doctor
says "CKM_SHA257"

done_with test-policy
