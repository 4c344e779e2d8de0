//! The further ports of a program: reserved for as long as its launch lasts, and remembered by their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use shared::{
    allotted_ports::AllottedPorts,
    app::AppName,
    claim::{self, Reservation},
    conflict::Origin,
    diagnose::Diagnostician,
    message,
    port::Port,
    settings::OnConflict,
};

use crate::{
    allotment::{self, Allotment},
    candidates::{Candidate, first_choices},
    choose::Chooser,
    error::LaunchError,
    hold::Hold,
    launch_state::LaunchState,
    program::{ProgramOptions, ServerKind, template::TemplateWord},
};

/// How long what a launch that was killed has left may hold a port: until its tree has ended.
const LINGERING: Duration = Duration::from_secs(3);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The further ports of a program, held.
#[derive(Debug, Default)]
pub struct FurtherPorts(BTreeMap<AppName, Hold>);

/// The ports that are held for a program.
#[derive(Debug, Clone, Copy)]
pub struct HeldPorts<'a> {
    /// The one that it is served on.
    pub main: &'a Hold,
    /// The others.
    pub further: &'a FurtherPorts,
}

impl FurtherPorts {
    /// The port that is reserved under this name; `None` if no port is.
    pub fn port(&self, name: &AppName) -> Option<Port> {
        self.0.get(name).map(Hold::port)
    }

    /// All of them by their names.
    pub fn by_name(&self) -> BTreeMap<String, Port> {
        self.0.iter().map(|(name, hold)| (name.to_string(), hold.port())).collect()
    }

    /// All of them.
    pub fn ports(&self) -> BTreeSet<Port> {
        self.0.values().map(Hold::port).collect()
    }
}

impl LaunchState<'_> {
    /// Reserves the further ports of `program`, which is to be served on the port `main`: those that are remembered, or
    /// others.
    ///
    /// # Errors
    ///
    /// If one of them cannot be had and the person wants no other, or none can be had.
    pub fn reserve_further_ports(
        &self,
        program: &ProgramOptions,
        main: Port,
    ) -> Result<FurtherPorts, LaunchError> {
        let names = self.names_of_further_ports(program);
        let mut further = FurtherPorts::default();
        if names.is_empty() {
            return Ok(further);
        }
        let (launch, app) = (self.launch, &self.launch.context.app);
        self.wait_for_lingering(&names);
        let warn = |error| launch.warn(&message!("allotment.further_unwritten"), &error);
        let allotment = Allotment::begin(launch).map_err(warn).ok();
        let loaded = allotment.as_ref().map(|allotment| allotment.load(app).map_err(warn));
        let may_write = matches!(loaded, Some(Ok(_)));
        let mut allotted = match loaded {
            Some(Ok(allotted)) => allotted,
            _ => AllottedPorts::of(&launch.context.folders, app),
        };
        let before = allotted.clone();
        for name in &names {
            let remembered = allotted.ports.get(name).copied();
            let hold = self.reserve_further_port(name, remembered, main, &further)?;
            allotted.ports.insert(name.clone(), hold.port());
            further.0.insert(name.clone(), hold);
        }
        if may_write
            && allotted != before
            && let Some(allotment) = allotment
            && let Err(error) = allotment.commit(app, &allotted)
        {
            warn(error);
        }
        Ok(further)
    }

    /// Those of the settings, and those that the command has words for.
    fn names_of_further_ports(&self, program: &ProgramOptions) -> BTreeSet<AppName> {
        let set = self.options.settings.ports.value.iter();
        let set = set.filter_map(|name| name.as_str().parse::<AppName>().ok());
        let own = &self.launch.context.app;
        let words = program.command.template_words().filter_map(|word| match word {
            TemplateWord::Port { name: Some(name), app } => {
                app.as_ref().is_none_or(|app| app == own).then(|| name.clone())
            }
            _ => None,
        });
        set.chain(words).collect()
    }

    /// After a kill: until the remembered ports are free, or what holds them is not what was left.
    fn wait_for_lingering(&self, names: &BTreeSet<AppName>) {
        if self.run_files.killed_on().is_none() {
            return;
        }
        let context = &self.launch.context;
        let allotted = AllottedPorts::of(&context.folders, &context.app);
        let is_held = || {
            let mut ports = names.iter().filter_map(|name| allotted.ports.get(name));
            ports.any(|port| !claim::can_be_bound(*port))
        };
        let until = Instant::now() + LINGERING;
        while is_held() && Instant::now() < until {
            thread::sleep(PAUSE);
        }
    }

    fn reserve_further_port(
        &self,
        name: &AppName,
        remembered: Option<Port>,
        main: Port,
        held: &FurtherPorts,
    ) -> Result<Hold, LaunchError> {
        let (launch, settings) = (self.launch, &self.options.settings);
        let (app, folders) = (&launch.context.app, &launch.context.folders);
        let mut taken = held.ports();
        taken.insert(main);
        let policy = allotment::policy(folders, app, settings.range.value, self.options.avoid());
        let chosen = first_choices(&policy, allotment::seed(app, Some(name)));
        let remembered = remembered.filter(|port| !taken.contains(port));
        let ports = remembered.into_iter().chain(chosen.filter(|port| !taken.contains(port)));
        let mut diagnostician =
            Diagnostician::new(app.clone(), folders, self.remembered.secret.clone());
        let choice = Chooser {
            history: &launch.history,
            diagnostician: &mut diagnostician,
            last_good: None,
            may_move: settings.on_conflict.value == OnConflict::Move || remembered.is_none(),
            one_instance: false,
            killed_on: None,
            kind: ServerKind::Program,
        }
        .choose(ports.map(|port| Candidate {
            port: Some(port),
            origin: Origin::Further,
            refusal: None,
        }))?;
        let to = choice.hold.port();
        let lost = choice.refused.iter().find(|conflict| remembered == Some(conflict.port));
        if let Some(conflict) = lost {
            let why = conflict.sentence_here();
            launch.warn_of_program(&message!("program.further_moved", name, to, why));
        }
        let mut hold = choice.hold;
        if Reservation::must_be_released_before_start() {
            hold.release();
        }
        Ok(hold)
    }
}
