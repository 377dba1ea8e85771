// What gcc's `-fsanitize-coverage=trace-pc` calls at every edge, as counters that libFuzzer looks at. clang
// has its own way to them; this is for machines without it.

#include <stdint.h>

enum { COUNTERS = 1 << 16 };

__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

__attribute__((no_sanitize_coverage, no_sanitize_address)) void __wrap___sanitizer_cov_trace_pc(void) {
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    counters[(pc ^ (pc >> 16)) % COUNTERS]++;
}
