#include "kernels.h"

#include <string.h>

#if defined(LENNOX_CHECKED_KERNELS)
#include <stdio.h>
#include <stdlib.h>
#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "lennox kernels, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                              \
        }                                                                                         \
    } while (0)
#else
#define CHECK(condition) ((void)0)
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define LENNOX_X86_64
#if defined(__GNUC__) /* GCC and Clang build AVX2 beside the baseline; others stay with the baseline */
#define LENNOX_WITH_AVX2
#include <immintrin.h>
#else
#include <emmintrin.h>
#endif
#endif

#if !defined(LENNOX_X86_64)
#define VARIANT(name) name##_portable
#define VARIANT_NAME "portable"
#define TARGET
#include "rows.h"
#else
#define LENNOX_SSE2
#define VARIANT(name) name##_x86_64
#define VARIANT_NAME "x86-64"
#define TARGET
#include "rows.h"
#undef VARIANT
#undef VARIANT_NAME
#undef TARGET
#if defined(LENNOX_WITH_AVX2)
#define LENNOX_AVX2
#define VARIANT(name) name##_x86_64_v3
#define VARIANT_NAME "x86-64-v3"
#define TARGET __attribute__((target("avx2"))) /* and no FMA, which would round differently */
#include "rows.h"
#endif
#endif

const lennox_kernels *lennox_variant(int which) {
    const lennox_kernels *found[2];
    int count = 0;
#if defined(LENNOX_WITH_AVX2)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) found[count++] = &kernels_x86_64_v3;
#endif
#if defined(LENNOX_X86_64)
    found[count++] = &kernels_x86_64;
#else
    found[count++] = &kernels_portable;
#endif
    return 0 <= which && which < count ? found[which] : NULL;
}
