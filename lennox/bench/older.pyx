"""Make this process believe that it runs on an older processor; see older.h."""

cdef extern from "older.h":
    int lennox_hide(int)


def hide(bint keeps_avx):
    """Hide AVX-512, VNNI and AMX, and without `keeps_avx` AVX, AVX2 and FMA, from libraries loaded after this.

    Whether that worked: it takes Linux on an x86-64 processor that lets CPUID be answered for. For the rest of the
    process, which should do nothing but be measured.
    """
    return bool(lennox_hide(keeps_avx))
