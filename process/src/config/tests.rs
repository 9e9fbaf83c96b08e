//! What a configuration accepts and refuses, and what it never prints.

use clap::CommandFactory;

use super::*;

#[derive(Parser, Debug)]
#[command(name = "sample")]
struct Sample {
    #[arg(long, env = "VENTURI_SAMPLE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    #[arg(long, env = "VENTURI_SAMPLE_DATABASE_URL")]
    database_url: Option<SecretUrl>,
    #[command(flatten)]
    health: crate::health::Settings,
    #[command(flatten)]
    telemetry: crate::telemetry::Settings,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    Import {
        #[arg(long, env = "VENTURI_SAMPLE_PLAYBOOK")]
        path: String,
        #[arg(long)]
        days: Option<u32>,
    },
}

fn read(arguments: &[&str], environment: &[(&str, &str)], elsewhere: &[&str]) -> Result<Sample, clap::Error> {
    let arguments = ["sample"].iter().chain(arguments).map(OsString::from);
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    try_parse_from(arguments, &environment, elsewhere)
}

#[test]
fn declared_names_of_commands_and_subcommands_are_accepted_as_are_foreign_ones() {
    let environment = [
        ("VENTURI_SAMPLE_LISTEN", "0.0.0.0:1"),
        ("VENTURI_SAMPLE_PLAYBOOK", "somewhere"),
        ("VENTURI_ELSEWHERE", "1"),
        ("PATH", "/bin"),
    ];
    let sample = read(&["--listen", "127.0.0.1:9"], &environment, &["VENTURI_ELSEWHERE"]).unwrap();
    assert_eq!(sample.listen, "127.0.0.1:9");
    assert_eq!((sample.health.health_listen.port(), sample.telemetry.log.as_str()), (9090, "info"));
    assert_eq!(
        declared::<Sample>().into_iter().collect::<Vec<_>>(),
        [
            "VENTURI_HEALTH_LISTEN",
            "VENTURI_LOG",
            "VENTURI_LOG_FORMAT",
            "VENTURI_OTLP_ENDPOINT",
            "VENTURI_SAMPLE_DATABASE_URL",
            "VENTURI_SAMPLE_LISTEN",
            "VENTURI_SAMPLE_PLAYBOOK",
        ]
    );
}

#[test]
fn every_unknown_setting_is_refused_by_name_with_the_nearest_one_known() {
    let environment = [("VENTURI_LGO", "w"), ("VENTURI_SAMPLE_LISTN", "x"), ("VENTURI_ZZZ", "y")];
    let refused = read(&[], &environment, &[]).unwrap_err();
    let text = refused.to_string();
    assert_eq!(refused.exit_code(), 2);
    assert!(
        text.contains("unknown setting VENTURI_SAMPLE_LISTN (did you mean VENTURI_SAMPLE_LISTEN?)"),
        "{text}"
    );
    assert!(text.contains("unknown setting VENTURI_LGO (did you mean VENTURI_LOG?)"), "{text}");
    assert!(text.contains("unknown setting VENTURI_ZZZ\n"), "{text}");
}

#[test]
fn an_empty_variable_is_detached_from_its_argument() {
    let empty = [(OsString::from("VENTURI_SAMPLE_DATABASE_URL"), OsString::new())];
    let command = without_empty(Sample::command(), &empty);
    let variables: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()).collect();
    assert!(variables.iter().any(|name| *name == "VENTURI_SAMPLE_LISTEN"));
    assert!(!variables.iter().any(|name| *name == "VENTURI_SAMPLE_DATABASE_URL"));
    assert!(read(&[], &[("VENTURI_SAMPLE_DATABASE_URL", "")], &[]).unwrap().database_url.is_none());
}

#[test]
fn a_malformed_secret_is_not_quoted_and_a_malformed_plain_value_is() {
    let refused = read(&["--database-url", "hunter2"], &[], &[]).unwrap_err();
    let text = refused.render().to_string();
    assert!(text.contains("--database-url") && text.contains("***") && !text.contains("hunter2"), "{text}");

    let refused = read(&["--listen", "a", "imprt"], &[], &[]).unwrap_err();
    assert!(refused.render().to_string().contains("imprt"));
}

#[test]
fn help_names_the_variables_and_no_values() {
    let help = without_empty(Sample::command(), &[]).render_long_help().to_string();
    assert!(help.contains("[env: VENTURI_SAMPLE_LISTEN]"), "{help}");
}

#[test]
fn a_bad_value_of_a_subcommand_is_an_error_and_no_panic() {
    let error = read(&["import", "--path", "x", "--days", "many"], &[], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueValidation);
    assert!(error.to_string().contains("many"), "{error}");
}
