#define _GNU_SOURCE
/* Let the processor answer as an older one, in every process that this library is preloaded into; see older.py.

   Libraries ask the CPUID instruction what they may use. Linux can make that instruction fault on most Intel and newer
   AMD processors (arch_prctl, ARCH_SET_CPUID); the handler answers in its place, with the newer instructions left out.
   Nothing stops a program from using them without asking. */
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define LENNOX_SET_CPUID 0x1012 /* ARCH_SET_CPUID of asm/prctl.h */

static int lennox_keeps_avx;

static void lennox_answer(unsigned leaf, unsigned part, unsigned *a, unsigned *b, unsigned *c, unsigned *d) {
    __cpuid_count(leaf, part, *a, *b, *c, *d);
    if (leaf == 1 && !lennox_keeps_avx) *c &= ~(1u << 12 | 1u << 28 | 1u << 29); /* FMA, AVX, F16C */
    if (leaf == 7 && part == 0) {
        *b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31); /* AVX-512 */
        *c &= ~(1u << 1 | 1u << 6 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 14); /* and its VNNI */
        *d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);           /* and AMX */
        if (!lennox_keeps_avx) *b &= ~(1u << 5); /* AVX2 */
    }
    if (leaf == 7 && part == 1) {
        *a &= ~(1u << 4 | 1u << 5 | 1u << 21 | 1u << 23); /* AVX-VNNI, AVX512-BF16, AMX-FP16, AVX-IFMA */
        *d &= ~(1u << 4 | 1u << 5 | 1u << 8 | 1u << 10 | 1u << 19); /* AVX-VNNI-INT8, NE-CONVERT, AMX, VNNI-INT16, AVX10 */
    }
}

static void lennox_on_fault(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    unsigned a, b, c, d;
    (void)info;
    if (code[0] != 0x0f || code[1] != 0xa2) { /* no CPUID: a real fault, which shall end the process */
        signal(number, SIG_DFL);
        return;
    }
    syscall(SYS_arch_prctl, LENNOX_SET_CPUID, 1);
    lennox_answer((unsigned)registers[REG_RAX], (unsigned)registers[REG_RCX], &a, &b, &c, &d);
    syscall(SYS_arch_prctl, LENNOX_SET_CPUID, 0);
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

/* Before the program begins; every program that it starts inherits the environment, and comes through here, too. */
__attribute__((constructor)) static void lennox_hide(void) {
    const char *newest = getenv("LENNOX_OLDER");
    struct sigaction action;
    if (newest == NULL) return;
    lennox_keeps_avx = strcmp(newest, "avx2") == 0;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = lennox_on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (sigaction(SIGSEGV, &action, NULL) != 0 || syscall(SYS_arch_prctl, LENNOX_SET_CPUID, 0) != 0) {
        static const char said[] = "older: this system or processor does not let CPUID be answered for.\n";
        if (write(2, said, sizeof said - 1) < 0) _exit(4);
        _exit(3);
    }
}
