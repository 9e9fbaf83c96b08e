//! A binary's configuration: one clap-derived structure, read from arguments and `VENTURI_*` variables.
//!
//! A misspelt variable must not be ignored, so any `VENTURI_*` name that nobody declares stops the start.
//! An empty variable counts as unset, because composition files cannot leave one out. No setting is read
//! past this module, and no secret leaves it through help, errors, logs or serialisation.

mod secret;
mod variables;

use std::any::TypeId;
use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Parser};

pub use secret::{InvalidUrl, Secret, SecretUrl};
pub use variables::VARIABLES;

/// Every environment variable of the system starts with this.
pub const PREFIX: &str = "VENTURI_";

/// Reads the configuration of this process, or prints why it cannot and ends the process with code 2
/// (`--help` and `--version` print and end with 0).
///
/// Every one of [`VARIABLES`] is accepted, and not read where it is another binary's: the processes of one
/// deployment share one environment.
pub fn parse<C: Parser>() -> C {
    // Not `vars()`: it panics on the first name or value that is not Unicode, ours or not.
    let environment: Vec<_> = std::env::vars_os().collect();
    try_parse_from(std::env::args_os(), &environment, VARIABLES).unwrap_or_else(|error| error.exit())
}

/// [`parse`] without ending the process. `environment` decides which names are refused, those neither declared
/// nor `known`, and which are empty; clap reads the values of declared variables from the process itself.
///
/// # Errors
/// A clap error that knows its exit code: an unknown setting, a missing or an invalid value, or help asked for.
pub fn try_parse_from<C: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &[(OsString, OsString)],
    known: &[&str],
) -> Result<C, clap::Error> {
    let mut command = C::command();
    refuse_unknown(&mut command, environment, known)?;
    let mut command = without_empty(command, environment);
    // Whole, or the subcommands' arguments cannot be shown.
    command.build();
    let parsed =
        command.try_get_matches_from_mut(arguments).and_then(|mut found| C::from_arg_matches_mut(&mut found));
    parsed.map_err(|error| redacted(error.format(&mut command), &command))
}

/// The variables that `C` and its subcommands declare, sorted.
#[cfg(test)]
fn declared<C: Parser>() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect_declared(&C::command(), &mut names);
    names
}

fn collect_declared(command: &Command, names: &mut BTreeSet<String>) {
    let variables = command.get_arguments().filter_map(|argument| argument.get_env());
    names.extend(variables.map(|name| name.to_string_lossy().into_owned()));
    command.get_subcommands().for_each(|subcommand| collect_declared(subcommand, names));
}

fn refuse_unknown(
    command: &mut Command,
    environment: &[(OsString, OsString)],
    known: &[&str],
) -> Result<(), clap::Error> {
    let mut known: BTreeSet<String> = known.iter().map(ToString::to_string).collect();
    collect_declared(command, &mut known);
    let given = environment.iter().map(|(name, _)| name.to_string_lossy());
    let unknown: BTreeSet<_> =
        given.filter(|name| name.starts_with(PREFIX) && !known.contains(&**name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = unknown.iter().map(|name| complaint(name, &known)).collect();
    Err(command.error(ErrorKind::UnknownArgument, lines.join("\n")))
}

fn complaint(name: &str, known: &BTreeSet<String>) -> String {
    let edits = |candidate: &&String| strsim::damerau_levenshtein(name, candidate);
    // One slip, or one for every three letters: more would offer an unrelated name.
    let allowed = (name.len().saturating_sub(PREFIX.len()) / 3).max(1);
    match known.iter().min_by_key(edits).filter(|nearest| edits(nearest) <= allowed) {
        Some(meant) => format!("unknown setting {name} (did you mean {meant}?)"),
        None => format!("unknown setting {name}"),
    }
}

/// Detaches empty variables from their arguments, and keeps `--help` from printing any variable's value.
fn without_empty(command: Command, environment: &[(OsString, OsString)]) -> Command {
    let empty =
        |name: &std::ffi::OsStr| environment.iter().any(|(set, value)| set == name && value.is_empty());
    command
        .mut_args(|argument| {
            let argument = argument.hide_env_values(true);
            if argument.get_env().is_some_and(empty) { argument.env(Resettable::Reset) } else { argument }
        })
        .mut_subcommands(|subcommand| without_empty(subcommand, environment))
}

/// A malformed secret is still a secret: clap would quote the value it could not parse.
fn redacted(mut error: clap::Error, command: &Command) -> clap::Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return error };
    if is_secret(command, shown) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("***".to_owned()));
    }
    error
}

fn is_secret(command: &Command, shown: &str) -> bool {
    let secret = [TypeId::of::<SecretUrl>(), TypeId::of::<Secret<String>>()];
    let holds = |argument: &clap::Arg| {
        let kind = argument.get_value_parser().type_id();
        argument.to_string() == shown && secret.iter().any(|known| kind == *known)
    };
    command.get_arguments().any(holds) || command.get_subcommands().any(|inner| is_secret(inner, shown))
}

#[cfg(test)]
mod tests;
