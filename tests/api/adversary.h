/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adversary.h - a search for attacks through the interface, in the manner of Tookan (Bortolozzo,
 * Centenaro, Focardi, Steel: "Attacking and Fixing PKCS#11 Security Tokens", CCS 2010): an
 * adversary with the user's PIN does to a real token whatever he can, over and over, until nothing
 * new comes of it or the bound is reached.
 *
 * He has objects (each a handle, the value behind it by number, its attributes as the token reads
 * them), ciphertexts (of which value, under which, by which mechanism, with their real bytes), and
 * what he knows (values by number, with their real bytes where he got them). What he does makes
 * more of these and takes nothing away: an attribute is changed in a copy. So the set that he can
 * reach grows to an end, and when it has ended no sequence of these calls, of any length, reaches
 * more.
 *
 * Two values are the same number when the calls that made them say so: a copy's is its origin's, an
 * unwrapped key's that of what was wrapped. Every call is made; nothing is taken from a model of
 * the token.
 */
#ifndef TEE_TESTS_ADVERSARY_H
#define TEE_TESTS_ADVERSARY_H

#include "support/reference.h"

struct adversary_bounds {
    unsigned rounds;    /* how often everything is tried on everything */
    unsigned max_calls; /* a bound that ends the search early */
    bool agrees;        /* Diffie-Hellman is in the grammar */
    bool wide;          /* more mechanisms, and two generated keys of each kind */
};

struct adversary_report {
    bool found;     /* a sensitive value came out, or a key that must stay left */
    bool ended;     /* nothing new came of the last round: longer sequences reach no more */
    char how[2048]; /* the sequence, a line per call */
    unsigned rounds;
    unsigned long calls, refused, objects, ciphertexts;
};

/* In a session of the user. Fails the test only where the token contradicts itself. */
void adversary_search(CK_SESSION_HANDLE user, const struct adversary_bounds *bounds,
                      struct adversary_report *ret);

#endif
