//! `-A`, `-W` and `-D`: the levels of warnings, in the order in which they are given.

use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use wfl_compiler::{Level, Levels, Lint};

const OPTIONS: [(&str, char, Level, &str); 3] = [
    ("allow", 'A', Level::Allow, "Do not report this warning"),
    ("warn", 'W', Level::Warn, "Report this warning as a warning"),
    ("deny", 'D', Level::Deny, "Report this warning as an error"),
];

/// The levels that the command line gives. The last option that fits a warning decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(pub(crate) Levels);

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Given, Error> {
        let mut given = Given::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let mut all = Vec::new();
        for (name, _, level, _) in OPTIONS {
            let lints = matches.get_many::<Lint>(name).into_iter().flatten();
            all.extend(matches.indices_of(name).into_iter().flatten().zip(lints.map(|lint| (*lint, level))));
        }
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().for_each(|(_, (lint, level))| self.0.set(lint, level));
        Ok(())
    }
}

impl clap::Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.map(|(name, letter, _, help)| {
            Arg::new(name)
                .short(letter)
                .long(name)
                .value_name("CODE|all")
                .help(help)
                .help_heading("Levels of warnings (the last one wins)")
                .action(ArgAction::Append)
                .value_parser(|text: &str| text.parse::<Lint>())
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args(command)
    }
}
