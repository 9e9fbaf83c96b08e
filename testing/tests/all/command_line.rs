//! The command line as its operator uses it: what is made, listed and ended at a terminal.

use std::collections::BTreeSet;

use tempfile::TempDir;
use testing::{
    program::{self, Environment},
    world::workers,
};

/// A system of its own, on SQLite in a folder that goes with it.
struct System {
    environment: Environment,
    _folder: TempDir,
}

impl System {
    async fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("venturi.sqlite").display());
        let settings = [
            ("VENTURI_DATABASE_URL", url.as_str()),
            ("VENTURI_LOG", "error"),
            ("VENTURI_OIDC_ISSUER", "https://login.example.org"),
            ("VENTURI_OIDC_AUDIENCE", "venturi"),
        ];
        let environment = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let system = Self { environment, _folder: folder };
        system.does("migrate").await;
        system.does("portfolio create --slug acme --name Acme").await;
        system
    }

    /// The exit code and what was printed.
    async fn run(&self, arguments: &str) -> (Option<i32>, String) {
        let arguments: Vec<_> = arguments.split(' ').collect();
        program::run("venturi", &arguments, &self.environment).await
    }

    /// What was printed by a command that must go through.
    async fn does(&self, arguments: &str) -> String {
        let (code, printed) = self.run(arguments).await;
        assert_eq!(code, Some(0), "{arguments}: {printed}");
        printed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_made_listed_and_revoked() {
    let system = System::create().await;
    let token = system.does("token create --portfolio acme --role LEAD --expires-in-days 7").await;
    assert!(token.starts_with("venturi_") && !token.contains(char::is_whitespace), "alone: {token}");
    let list = "token list --portfolio acme";
    let listed = system.does(list).await;
    let fields: Vec<_> = listed.split("  ").collect();
    assert_eq!((fields[1], fields[2], fields[3]), (&token[..16], "acme.lead", "active"), "{listed}");
    assert!(!listed.contains(&token) && listed.ends_with("acme LEAD"), "{listed}");
    let revoke = format!("token revoke {}", fields[0]);
    system.does(&revoke).await;
    assert!(system.does(list).await.contains("  revoked  "));
    assert_eq!(system.run(&revoke).await.0, Some(1), "once");
    assert_eq!(system.run("token list --portfolio other").await.0, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_added_and_linked() {
    let system = System::create().await;
    let add =
        "member add --portfolio acme --handle jane --name Jane --role LEAD --role ADMIN --oidc-subject sub-1";
    assert_eq!(system.does(add).await.len(), 36, "the member's id");
    assert_eq!(system.run(add).await.0, Some(1), "a member already");
    system.does("member add --portfolio acme --handle ci --name CI --role INTEGRATION --service").await;
    assert_eq!(system.run("member link --handle ci --oidc-subject sub-1").await.0, Some(1), "taken");
    system.does("member link --handle ci --oidc-subject sub-2").await;
    system.does("member link --handle ci --oidc-subject sub-2").await;
    system.does("member link --handle ci").await;
    system.does("member link --handle jane --oidc-subject sub-2").await;
    assert_eq!(system.run("member link --handle nobody --oidc-subject sub-3").await.0, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_variable_of_every_binary_is_known_to_all() {
    let workers: Vec<_> = workers().iter().map(|worker| worker.queue()).collect();
    let mut declared = BTreeSet::new();
    for program in workers.into_iter().chain(["api", "venturi"]) {
        let (_, help) = program::run(program, &["--help"], &Environment::new()).await;
        let named = help.split("[env: ").skip(1).filter_map(|rest| rest.split([']', '=']).next());
        declared.extend(named.map(str::to_owned));
    }
    let known: Vec<_> = process::config::VARIABLES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(declared.into_iter().collect::<Vec<_>>(), known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_issuer_starts_nothing() {
    for (name, value) in
        [("VENTURI_OIDC_ISSUER", "https://login.example.org"), ("VENTURI_OIDC_AUDIENCE", "venturi")]
    {
        let environment = Environment::from([(name.to_owned(), value.to_owned())]);
        for program in ["api", "venturi"] {
            assert_eq!(program::run(program, &[], &environment).await.0, Some(2), "{program} with {name}");
        }
    }
}
