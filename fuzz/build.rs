//! Compiles the counters that the instrumented C code reports to.

fn main() {
    cc::Build::new().file("coverage.c").compile("coverage");
    // libFuzzer has a function of that name too, which only says that it wants clang.
    println!("cargo:rustc-link-arg=-Wl,--wrap=__sanitizer_cov_trace_pc");
    println!("cargo:rerun-if-changed=coverage.c");
}
