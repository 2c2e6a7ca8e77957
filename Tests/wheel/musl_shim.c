/* Becomes the libz.so.1 of the root with musl, together with zlib's own archive, and is preloaded there.

   The Python was built for a newer musl, which has preadv2 and pwritev2, and zlib's archive for glibc with its checked
   functions. Everything is written without a header, because this machine's are glibc's. */

typedef unsigned long size;

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

int *__errno_location(void);

static long checked(long result) {
    if (result >= 0) return result;
    *__errno_location() = (int)-result;
    return -1;
}

long preadv2(int descriptor, const void *parts, int count, long offset, int flags) {
    return checked(call(327, descriptor, (long)parts, count, offset, 0, flags));
}

long pwritev2(int descriptor, const void *parts, int count, long offset, int flags) {
    return checked(call(328, descriptor, (long)parts, count, offset, 0, flags));
}

int vsnprintf(char *text, size length, const char *format, __builtin_va_list arguments);

int __vsnprintf_chk(char *text, size length, int flag, size room, const char *format, __builtin_va_list arguments) {
    (void)flag, (void)room;
    return vsnprintf(text, length, format, arguments);
}

int __snprintf_chk(char *text, size length, int flag, size room, const char *format, ...) {
    (void)flag, (void)room;
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    int count = vsnprintf(text, length, format, arguments);
    __builtin_va_end(arguments);
    return count;
}
