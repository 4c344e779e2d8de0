//! A network namespace: a network of its own, only for the processes that are started in it.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use crate::{RunContext, run_context, skip};

/// A network namespace, kept alive by a process that ends with this one.
#[derive(Debug)]
pub struct Netns {
    keeper: Child,
    shares_users: bool,
}

/// Brings loopback up, sets each `FILE=VALUE` under `/proc/sys/net`, prints a line and waits.
const SET_UP: &str = r#"
ip link set lo up || exit 1
for setting; do
    echo "${setting#*=}" > "/proc/sys/net/${setting%%=*}" || exit 1
done
echo ready
exec cat > /dev/null
"#;

impl Netns {
    /// A fresh one with these settings, each `FILE=VALUE` with a file under `/proc/sys/net`;
    /// `None`, and the test is skipped, where the system has none to give.
    pub fn new(settings: &[&str]) -> Option<Self> {
        // For root a network namespace suffices; other users need a user namespace as well.
        let ways: &[&[&str]] = match run_context::is_root() {
            true => &[&["-n"], &["-U", "-r", "-n"]],
            false => &[&["-U", "-r", "-n"]],
        };
        let mut refusals = Vec::new();
        for flags in ways {
            match Self::try_new(flags, settings) {
                Ok(netns) => return Some(netns),
                Err(refusal) => refusals.push(format!("unshare {}: {refusal}", flags.join(" "))),
            }
        }
        skip(&format!("no network namespace here: {}", refusals.join("; ")));
        None
    }

    fn try_new(flags: &[&str], settings: &[&str]) -> Result<Self, String> {
        let mut command = Command::new("unshare");
        command.args(flags).args(["--", "sh", "-c", SET_UP, "sh"]).args(settings);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let keeper = command.spawn().map_err(|error| error.to_string())?;
        let mut netns = Self { keeper, shares_users: flags.contains(&"-U") };
        let mut said = String::new();
        let stdout = netns.keeper.stdout.take().expect("it was piped");
        BufReader::new(stdout).read_line(&mut said).map_err(|error| error.to_string())?;
        if said == "ready\n" {
            return Ok(netns);
        }
        let mut why = String::new();
        let stderr = netns.keeper.stderr.take().expect("it was piped");
        BufReader::new(stderr).read_to_string(&mut why).map_err(|error| error.to_string())?;
        Err(why.trim().to_owned())
    }

    /// The context that runs programs in it.
    pub fn context(&self) -> RunContext {
        let target = self.keeper.id().to_string();
        let nsenter = RunContext::direct().through(["nsenter", "--target", &target, "--net"]);
        let nsenter = match self.shares_users {
            true => nsenter.through(["--user", "--preserve-credentials"]),
            false => nsenter,
        };
        nsenter.through(["--"])
    }

    /// Connects it with `other` by a veth pair with these addresses.
    ///
    /// # Errors
    ///
    /// The error output of `ip`.
    pub fn wire(&self, own: &str, other: &Self, theirs: &str) -> Result<(), String> {
        let peer = format!("type veth peer name wire netns {}", other.keeper.id());
        let ends =
            [(self, format!("ip link add wire {peer} &&"), own), (other, String::new(), theirs)];
        for (netns, lay, address) in ends {
            let plug = format!("{lay} ip addr add {address}/24 dev wire && ip link set wire up");
            let done = netns.context().command("sh").args(["-c", &plug]).output();
            let done = done.map_err(|error| error.to_string())?;
            if !done.status.success() {
                return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
            }
        }
        Ok(())
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // The namespace goes with its last process; those that a test has sent there have guards.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
