//! What can go wrong.

/// Something that happens to the launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    ServerKilled,
    ServerHalted,
    ServerKilledInRestart,
    Restart,
    ErrandsAtOnce,
    MoveToFree,
    MoveToTaken,
    MoveHome,
    GoodSettings,
    BadSettings,
    Garbage,
    Flood,
    DiscoveryDeleted,
    RunDeleted,
    LockDeleted,
    LogsRenamed,
    LauncherHalted,
    SecondStart,
    LauncherKilled,
    StopAndStart,
    StopInRestart,
    Twins,
    Heir,
    Stranger,
    AssignmentDeleted,
    AssignmentCorrupted,
    ClockSet,
    DiskFull,
}

impl Fault {
    pub(super) const ALL: [Self; 28] = [
        Self::ServerKilled,
        Self::ServerHalted,
        Self::ServerKilledInRestart,
        Self::Restart,
        Self::ErrandsAtOnce,
        Self::MoveToFree,
        Self::MoveToTaken,
        Self::MoveHome,
        Self::GoodSettings,
        Self::BadSettings,
        Self::Garbage,
        Self::Flood,
        Self::DiscoveryDeleted,
        Self::RunDeleted,
        Self::LockDeleted,
        Self::LogsRenamed,
        Self::LauncherHalted,
        Self::SecondStart,
        Self::LauncherKilled,
        Self::StopAndStart,
        Self::StopInRestart,
        Self::Twins,
        Self::Heir,
        Self::Stranger,
        Self::AssignmentDeleted,
        Self::AssignmentCorrupted,
        Self::ClockSet,
        Self::DiskFull,
    ];

    /// Whether the launch ends with it, so that another one serves after it.
    pub(super) fn ends_the_launch(self) -> bool {
        matches!(
            self,
            Self::LauncherKilled
                | Self::StopAndStart
                | Self::StopInRestart
                | Self::Twins
                | Self::Heir
                | Self::Stranger
                | Self::AssignmentDeleted
                | Self::AssignmentCorrupted
                | Self::ClockSet
                | Self::DiskFull
        )
    }

    /// The name in the output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ServerKilled => "the server is killed",
            Self::ServerHalted => "the server stands still for a moment",
            Self::ServerKilledInRestart => "the server is killed while it is restarted",
            Self::Restart => "restart",
            Self::ErrandsAtOnce => "restart and move at once",
            Self::MoveToFree => "move to a free port",
            Self::MoveToTaken => "move to a taken port",
            Self::MoveHome => "move home",
            Self::GoodSettings => "other settings are read",
            Self::BadSettings => "wrong settings are read",
            Self::Garbage => "garbage on the control socket",
            Self::Flood => "a flood on the control socket",
            Self::DiscoveryDeleted => "the discovery file is deleted",
            Self::RunDeleted => "the run folder is deleted",
            Self::LockDeleted => "the lock is deleted",
            Self::LogsRenamed => "the logs are renamed",
            Self::LauncherHalted => "the launcher stands still for a moment",
            Self::SecondStart => "a second start",
            Self::LauncherKilled => "the launcher is killed",
            Self::StopAndStart => "stop and start",
            Self::StopInRestart => "stop while it is restarted",
            Self::Twins => "two starts at once",
            Self::Heir => "the launcher is killed while a second start waits",
            Self::Stranger => "a stranger takes the port meanwhile",
            Self::AssignmentDeleted => "the assignment is deleted meanwhile",
            Self::AssignmentCorrupted => "the assignment is corrupted meanwhile",
            Self::ClockSet => "the clock is set meanwhile",
            Self::DiskFull => "the disk is full for a while",
        }
    }
}
