//! The real program as a child process, at the other end of the same client.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::runtime::Handle;

use super::client::Client;

/// `msc lsp` whose user has an empty home in `home`; it leaves its exit code behind. `MSC_PROGRAM` names
/// another build of the program.
pub fn msc_lsp(home: &Path) -> Client<Option<i32>> {
    let program = std::env::var_os("MSC_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_msc").into());
    let mut child = Command::new(program)
        .arg("lsp")
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stdin = child.stdin.take().expect("standard input is piped");
    let stdout = child.stdout.take().expect("standard output is piped");
    Client::to(|from_client, to_client| {
        let (inward, outward) = (Handle::current(), Handle::current());
        std::thread::spawn(move || pump_in(&inward, from_client, stdin));
        std::thread::spawn(move || pump_out(&outward, stdout, to_client));
        tokio::task::spawn_blocking(move || child.wait().expect("a child can be waited for").code())
    })
}

fn pump_in(runtime: &Handle, mut from: ReadHalf<DuplexStream>, mut to: ChildStdin) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = runtime.block_on(from.read(&mut bytes)) {
        if to.write_all(&bytes[..read]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

fn pump_out(runtime: &Handle, mut from: ChildStdout, mut to: WriteHalf<DuplexStream>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if runtime.block_on(to.write_all(&bytes[..read])).is_err() {
            return;
        }
    }
    // The client may have left first.
    let _ = runtime.block_on(to.shutdown());
}
