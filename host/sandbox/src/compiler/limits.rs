//! What a compiling process may take; set by itself, before it reads the file.

/// Code larger than this is not written, in bytes: the host maps it as it is.
pub(super) const CODE: u64 = 512 << 20;

/// Memory is counted where it could be written to (`RLIMIT_DATA`): address space that is only reserved costs nothing.
#[cfg(target_os = "linux")]
pub(super) fn set(memory: u64, cpu: u64, parent: u32) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};
    let most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Data, most(memory))?;
    setrlimit(Resource::Cpu, most(cpu))?;
    setrlimit(Resource::Fsize, most(CODE))?;
    // If the machine runs out of memory, this is what may go.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let lives = getppid().is_some_and(|pid| pid.as_raw_nonzero().get().unsigned_abs() == parent);
    if lives { Ok(()) } else { Err(std::io::Error::other("nobody waits for an answer")) }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn set(_: u64, _: u64, _: u32) -> std::io::Result<()> {
    Ok(())
}
