//! What a worker process gives up before it sees a macro: defence for the day on which the
//! JavaScript engine itself has a hole.
//!
//! Invariant: everything here may fail on some system and then only protects less; the engine's own
//! limits and the parent's clock do not depend on it.

/// Closes what the parent's libraries left open for all its children: all but the three streams.
/// Called first of all.
pub(super) fn close_descriptors() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: nothing in this process owns a descriptor above 2 yet.
        if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
            return;
        }
    }
    #[cfg(unix)]
    for descriptor in 3..1024 {
        // SAFETY: as above; closing a number that is not open only fails.
        unsafe { libc::close(descriptor) };
    }
}

/// Local time is UTC for every macro: an output must not tell where it was made. Called before any
/// thread is started; looks its zone up now, since later no file can be opened.
pub(super) fn forget_place() {
    // SAFETY: no other thread reads the environment yet.
    unsafe { std::env::set_var("TZ", "UTC0") };
    #[cfg(unix)]
    {
        unsafe extern "C" {
            fn tzset();
        }
        // SAFETY: it reads the environment, which no other thread changes.
        unsafe { tzset() };
    }
}

/// No new file or socket, no file that grows, no core dump, no process, a bounded address space, and
/// on Linux no system call but those that computing needs. Called when every thread of the worker
/// runs.
pub(super) fn limit() {
    #[cfg(unix)]
    {
        #[cfg(target_os = "linux")]
        set(libc::RLIMIT_AS, linux::address_space());
        forbid_files();
        set(libc::RLIMIT_CORE, 0);
        set(libc::RLIMIT_FSIZE, 0);
        set(libc::RLIMIT_NPROC, 0);
        set(libc::RLIMIT_NOFILE, 0);
    }
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    linux::filter_system_calls();
}

/// Takes every file, every TCP port and signals to others away from the calling thread, for good. On
/// kernels without landlock nothing happens. To be called by each thread: one that runs already keeps what it has.
pub(super) fn forbid_files() -> bool {
    #[cfg(target_os = "linux")]
    {
        linux::forbid_files()
    }
    #[cfg(not(target_os = "linux"))]
    {
        false
    }
}

#[cfg(target_os = "linux")]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(target_os = "linux")))]
type Resource = libc::c_int;

#[cfg(unix)]
fn set(resource: Resource, limit: u64) {
    let limit = libc::rlimit { rlim_cur: limit as libc::rlim_t, rlim_max: limit as libc::rlim_t };
    // SAFETY: the structure lives through the call, which only reads it.
    unsafe { libc::setrlimit(resource, &limit) };
}

#[cfg(target_os = "linux")]
mod linux {
    /// Beyond what the process holds at its start: the heap's limit is 64 MB, the rest is for
    /// messages on their way and for the allocator's arenas.
    const ADDRESS_SPACE: u64 = 768 << 20;

    pub fn address_space() -> u64 {
        // SAFETY: a question without side effects.
        let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
        let held = std::fs::read_to_string("/proc/self/statm")
            .ok()
            .and_then(|statm| statm.split(' ').next()?.parse::<u64>().ok())
            .map_or(1 << 30, |pages| pages * page);
        held + ADDRESS_SPACE
    }

    /// Whether the kernel did it, in part at least.
    pub fn forbid_files() -> bool {
        use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};

        // What is handled and has no rule is forbidden. Older kernels handle less of it.
        let forbidden = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V6))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
            .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
            .and_then(|rules| rules.create())
            .and_then(|rules| rules.restrict_self());
        forbidden.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
    }

    /// Every other system call fails with `EPERM`, in every thread, for good.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub fn filter_system_calls() {
        use seccompiler::{SeccompAction, SeccompFilter, TargetArch, apply_filter_all_threads};

        const ALLOWED: &[libc::c_long] = &[
            // The pipe to the parent.
            libc::SYS_read,
            libc::SYS_write,
            libc::SYS_writev,
            libc::SYS_close,
            // Memory.
            libc::SYS_brk,
            libc::SYS_mmap,
            libc::SYS_munmap,
            libc::SYS_mremap,
            libc::SYS_mprotect,
            libc::SYS_madvise,
            // Threads that exist, their locks and their end.
            libc::SYS_futex,
            libc::SYS_sched_yield,
            libc::SYS_membarrier,
            libc::SYS_exit,
            libc::SYS_exit_group,
            libc::SYS_restart_syscall,
            libc::SYS_rt_sigaction,
            libc::SYS_rt_sigprocmask,
            libc::SYS_rt_sigreturn,
            libc::SYS_sigaltstack,
            // `abort`, whose signal to itself may be refused too: it then ends by a trap.
            libc::SYS_getpid,
            libc::SYS_gettid,
            // Clocks and entropy of the standard library; macros see neither.
            libc::SYS_clock_gettime,
            libc::SYS_gettimeofday,
            libc::SYS_clock_nanosleep,
            libc::SYS_getrandom,
            libc::SYS_sched_getaffinity,
        ];
        let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else { return };
        let rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
        let denied = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, arch);
        if let Some(program) = filter.ok().and_then(|filter| seccompiler::BpfProgram::try_from(filter).ok()) {
            // A kernel without filters runs the worker without one.
            let _ = apply_filter_all_threads(&program);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;

    #[test]
    fn a_thread_without_files_opens_none() {
        let confined = std::thread::spawn(|| {
            let before = File::open("/proc/self/status").is_ok();
            if !super::forbid_files() {
                return None;
            }
            let opened = File::open("/proc/self/status").is_ok();
            let made = File::create(std::env::temp_dir().join("msc-landlock-test")).is_ok();
            Some((before, opened, made))
        });
        // A kernel without landlock leaves everything as it is.
        if let Some(seen) = confined.join().expect("it does not panic") {
            assert_eq!(seen, (true, false, false));
        }
        assert!(File::open("/proc/self/status").is_ok(), "other threads keep what they have");
    }
}
