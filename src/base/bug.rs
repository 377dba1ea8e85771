//! Broken invariants: logged in release, a panic in debug builds and tests.

/// Reports that an invariant of `msc` itself does not hold, and goes on where it can.
#[macro_export]
macro_rules! bug {
    ($($arg:tt)*) => {{
        let message = format!($($arg)*);
        if cfg!(debug_assertions) {
            panic!("broken invariant: {message}");
        }
        tracing::error!("broken invariant: {message}");
    }};
}
