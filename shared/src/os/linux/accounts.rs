//! Groups that have one member, access lists, attributes of files, and file systems that keep no modes.

use std::{fs, path::Path};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};

use crate::os::{interface::Account, unix};

/// `f_type` of `statfs(2)`: FAT, exFAT, NTFS, the network file systems of Windows, 9P (the drives of WSL), the
/// folders that VirtualBox shares, and FUSE (NTFS-3G). Each shows what it was mounted with.
const WITHOUT_MODES: [u32; 10] = [
    0x4d44,
    0x2011_bab0,
    0x5346_544e,
    0x7366_746e,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x0102_1997,
    0x786f_4256,
    0x6573_5546,
];

/// Whether a mode that is set stays; true where that is not known.
pub fn keeps_modes(path: &Path) -> bool {
    let kind = rustix::fs::statfs(path).map(|about| about.f_type as u32);
    !kind.is_ok_and(|kind| WITHOUT_MODES.contains(&kind))
}

/// Whether a file or a folder has an access list (`acl(5)`), so that the bits of its group are the mask of the list.
pub fn has_access_list(path: &Path) -> bool {
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0]).is_ok()
}

/// Whether a file or a folder has an attribute that forbids changes, from root too (`chattr +i` or `+a`), where the
/// file system tells it.
pub fn forbids_changes(path: &Path) -> bool {
    let forbidding = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    let about = rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::empty());
    about.is_ok_and(|about| about.stx_attributes.intersects(forbidding))
}

/// The user and the group of this process.
pub fn own_account() -> Option<Account> {
    Some(unix::account(has_private_group))
}

/// Whether the group of this process has no other member. Only the accounts of this computer can be
/// looked through; of other groups the name decides.
fn has_private_group() -> bool {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let (user, group) = (unix::own_uid(), unix::own_gid());
    unix::is_own_group_by_name()
        || Accounts { users: &read("/etc/passwd"), groups: &read("/etc/group") }
            .is_alone(user, group)
}

/// The texts of `passwd(5)` and `group(5)`.
struct Accounts<'a> {
    users: &'a str,
    groups: &'a str,
}

impl Accounts<'_> {
    /// Whether `group` is here and `user` is its only member, besides root.
    fn is_alone(&self, user: u32, group: u32) -> bool {
        let number = |field: Option<&&str>| field?.parse::<u32>().ok();
        let users: Vec<Vec<&str>> = lines(self.users).collect();
        let name = users.iter().find(|fields| number(fields.get(2)) == Some(user));
        let name = name.and_then(|fields| fields.first().copied());
        let is_us = |member: &str| member == "root" || Some(member) == name;
        let is_other_with_it = |fields: &Vec<&str>| {
            number(fields.get(3)) == Some(group)
                && !number(fields.get(2)).is_some_and(|uid| uid == user || uid == 0)
        };
        let Some(found) = lines(self.groups).find(|fields| number(fields.get(2)) == Some(group))
        else {
            return false;
        };
        let members = found.get(3).copied().unwrap_or_default();
        members.split(',').filter(|member| !member.is_empty()).all(is_us)
            && !users.iter().any(is_other_with_it)
    }
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split(':').map(str::trim).collect())
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_group_is_private_if_no_other_user_is_in_it() {
        let accounts = Accounts {
            users: "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n\
                    bob:x:1001:100::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\n",
            groups: "root:x:0:root\nusers:x:100:\nown:x:1000:ada,root\nteam:x:50:ada,bob\n\
                     solo:x:51:ada\nempty:x:52:\n",
        };
        for (user, group, is_alone) in [
            (1000, 1000, true),
            (1000, 51, true),
            (1000, 52, true),
            (1000, 50, false),
            (1001, 100, false),
            // A container whose user has no name, in the group of root.
            (1_234_567, 0, true),
            // A group that another computer keeps: its members are not known.
            (1000, 70_000, false),
        ] {
            assert_eq!(accounts.is_alone(user, group), is_alone, "{user} in {group}");
        }
    }
}
