/* SPDX-License-Identifier: BSD-2-Clause */
/* cms_keys.h - the keys of fuzz-cms, which guard nothing, and their certificates. */
#ifndef TEE_FUZZ_CMS_KEYS_H
#define TEE_FUZZ_CMS_KEYS_H

static const char ec_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBezCCASGgAwIBAgIULgFAKJOqtW2tl5/H3GhTaDd9gWcwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHZnV6eiBlYzAgFw0yNjExMjcxOTIxMTdaGA8yMTI2MTEwMzE5\n"
    "MjExN1owEjEQMA4GA1UEAwwHZnV6eiBlYzBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABGICp2l2A6J/WJ5GTFdb1JAFxlc4Tgxw12yI2H0U3QXNTIic0KvlaUhRM1U5\n"
    "WlNBf/hTdKXTyvKqVv9ObAGWKmKjUzBRMB0GA1UdDgQWBBQQ0Y7wad9sQ4MWDIYi\n"
    "mnOuQtpIJjAfBgNVHSMEGDAWgBQQ0Y7wad9sQ4MWDIYimnOuQtpIJjAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGG7btvkYjUlhIvgwMCAKDIHsJ0s\n"
    "9Imp948Rjf46I3yiAiEA+bu2gT6Jfe20B7ezXDq4VzopYquAeXXIeWsoVqie4Kw=\n"
    "-----END CERTIFICATE-----\n";
static const char ec_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2AOHrl15rceG+dkM\n"
    "JjrEFRfgqr0TT51hYG0wILEZl8mhRANCAARiAqdpdgOif1ieRkxXW9SQBcZXOE4M\n"
    "cNdsiNh9FN0FzUyInNCr5WlIUTNVOVpTQX/4U3Sl08ryqlb/TmwBlipi\n"
    "-----END PRIVATE KEY-----\n";
static const char rsa_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDCTCCAfGgAwIBAgIUMYc2GnQz96dmKH/198fsjB3vsJ8wDQYJKoZIhvcNAQEL\n"
    "BQAwEzERMA8GA1UEAwwIZnV6eiByc2EwIBcNMjYxMTI3MTkyMTE3WhgPMjEyNjEx\n"
    "MDMxOTIxMTdaMBMxETAPBgNVBAMMCGZ1enogcnNhMIIBIjANBgkqhkiG9w0BAQEF\n"
    "AAOCAQ8AMIIBCgKCAQEA4A0bIux2/c+vHomck58xyTIsDCMpYGsWIf7BTBDVfHF2\n"
    "BKhkcSx6zuArTA/9TkT9XjR8s4k5IrzK/ejbD/ag6YqJ4/ThnXyAEB+8fs5fNZSR\n"
    "BRnVQSZWIQmmlz4h/K3etGcOtbQK3X/pTFJRKVo9Bx9ELLUK09KYnNxC9Oj5JtT2\n"
    "wBArwG0cVK8JmfONl/trWmmU/mL+Mmeix2Jy5gfrtlOfhOinltshegIyeHaXOtzf\n"
    "2pGqdjljuLBpfzRyQSRBrxxIfcI5wIAa0Ny0daAVQVQbKTLM5dF+gNJ0Hl8Ju4sv\n"
    "ksHP16OPX7CqZ7zM5IF/LRPETwqlPkoGzy1gSBtbEQIDAQABo1MwUTAdBgNVHQ4E\n"
    "FgQUorROye8tTQpGfykINbwEP2gVSmYwHwYDVR0jBBgwFoAUorROye8tTQpGfykI\n"
    "NbwEP2gVSmYwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAR0ic\n"
    "2yirlDCJAnJqTwbKj6lXDDOeU6rTTDDlyP25EzOazF4xA6PFk66MAQ4JYJdxlGkw\n"
    "hU1mNBWNNxWHhNQBtOnSFlMqf5rmhTIsjyE/fGGWyZ+ne/J177EbMYRLQgYlJQF8\n"
    "JZEwak+1z0+/zn5AMlBuHSpQQJ/oaR3bxPr8hIakAEENBWbZ9CajhO7HlCOqZEnW\n"
    "wQ7/MlaeY7AmXzr9qihrH4MvRRac9Qn8uT4RMsk3Q8zy9NS2PHjIzM8nwyto3Cyd\n"
    "j/EylZpCYL9MnuyKEKlxBp3HVsMAI1XCkKdr40MH66XCKmIM8QiyrgM3+TAEKtjC\n"
    "mT71FHlkHu4cmIr+wg==\n"
    "-----END CERTIFICATE-----\n";
static const char rsa_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDgDRsi7Hb9z68e\n"
    "iZyTnzHJMiwMIylgaxYh/sFMENV8cXYEqGRxLHrO4CtMD/1ORP1eNHyziTkivMr9\n"
    "6NsP9qDpionj9OGdfIAQH7x+zl81lJEFGdVBJlYhCaaXPiH8rd60Zw61tArdf+lM\n"
    "UlEpWj0HH0QstQrT0pic3EL06Pkm1PbAECvAbRxUrwmZ842X+2taaZT+Yv4yZ6LH\n"
    "YnLmB+u2U5+E6KeW2yF6AjJ4dpc63N/akap2OWO4sGl/NHJBJEGvHEh9wjnAgBrQ\n"
    "3LR1oBVBVBspMszl0X6A0nQeXwm7iy+Swc/Xo49fsKpnvMzkgX8tE8RPCqU+SgbP\n"
    "LWBIG1sRAgMBAAECggEAHDbE9Ytl2prAzdgnbaw3i+4I/52dPsU4HB96vkuaZAQy\n"
    "XUN1To563Tqmc9Ae+7BoCukSJlZVPxYbe95LA8IbdlKvVZOcplqAvUcPKMAahjfy\n"
    "C9HlJGyhnkxwUY24oEX8NvyJV4FXeELSIVMhDFOO6YAwSMRNm5S4CidvORcYv6EH\n"
    "wtn4WLkq06x+lIXIofLac2mUaLQft9PFpsVZhOS2mEhZ9oxlap4MCagAURvhb3NJ\n"
    "+KD72SqXnjjqbdpVZlbbWH8OV3VJvfnFeImGbZcOM4TBfzMZo2x6LFVZ2SJvYtXR\n"
    "2d4exEc4Ba3yBJOXD1d3uaRKiQPrWfuNs/TV6gEkjwKBgQD7ykU1lnNQhiotYkZ8\n"
    "uX+mqdvhzlk/NfHkXcfx8DWFw0shfYKJt9O0pmyAjmK3Ets0qIfiYEU2UcDoaSSy\n"
    "BDLwbRPDsCzTSRKudM0ZYrnukdOtdsAQ9mTcuTXqgvo7KdO74hbtfwM9q5U6r2Zb\n"
    "lCNieKNJkLO242EasTOHIqJe3wKBgQDjzBsHCa8Syi6I9dCxO8PhvIqqYoGKizZx\n"
    "lfojgDbIik6tTlMTrksIZOJ+y7Vczw5OdvsUOAU5YvgbhP7ChI8edR2HfbGR+plJ\n"
    "ZrdhvFA4DJEvDeQfAuK13ZvcHAC3WQg7TQiF7SId4hmYTwB+SEKjEXd/+0N5vWJ6\n"
    "N8HcnX20DwKBgQCqs6wOM4zER+EqWZkuD9jSFhBjWzE4YIs45read97ha9BwyRWJ\n"
    "5p3ZuIaQ9XdJZLhGUAen2tqxg+WD61ycb6pVQ64FmlgZek33BmrSThN+AVGAJaT7\n"
    "GwCwf8Rk1B1vpODOXO5sXxLEaaJHYgjEB3+hz+XsBvVABZGctgwYDswEAwKBgFMQ\n"
    "BLbvQAhw8sD8KUnHCikQz9tLKgMzufl2/4vcX52GWSP2kHJ3tmJsLu6fJxWdZpET\n"
    "73+y4azIOsIGH8McBPfNKqRSH+Kj5ysNqkaYHQQjCPmIbiskqTg5g3CiQVyZuVeu\n"
    "QjJbgno1DLIt9HcXsDy3zMQ9AaCtfvAjzqu8Pa7fAoGBAPoGViLmc/6itoMZAWU0\n"
    "Ox2nPQ1c1P1oq/RHKWU1MCqGaO5+wPqbK36jtu3yLhV5t4cGIfrxjv2+iOjQhURo\n"
    "og0K3+8Ba7VRJ39xAgqYkyYKcg0jAuZWpOV3SE9F9ApF1D95mFG+qbsG9RYCxOGV\n"
    "6bWEPsDmGHxJ6n+7zDfIrpe2\n"
    "-----END PRIVATE KEY-----\n";

#endif
