/* What the C files share. CHECK(condition) stops the process where a loop is about to go astray; only in the checked build. */
#ifndef LENNOX_CHECK_H
#define LENNOX_CHECK_H

#if defined(_MSC_VER) && !defined(__clang__)
#define restrict __restrict
#pragma fp_contract(off) /* what -ffp-contract=off is for the others */
#endif

#if defined(LENNOX_CHECKED_KERNELS)
#include <stdio.h>
#include <stdlib.h>
#define LENNOX_CHECKED 1
#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "lennox kernels, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                        \
        }                                                                                   \
    } while (0)
#else
#define LENNOX_CHECKED 0
#define CHECK(condition) ((void)0)
#endif

#endif
