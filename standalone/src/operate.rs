//! The commands that operate a system: each opens the database, does one thing and ends.

use anyhow::Context;
use app::{
    App, Request, Scope,
    commands::{
        AddMember, AdoptPlaybook, ByOperator, CreatePortfolio, FoundPortfolio, LinkSubject, RevokeToken,
    },
    playbook,
    query::{self, tokens::Status},
    seed as demo, token as tokens,
};
use chrono::{DateTime, Duration, Utc};
use delivery::Backend;
use domain::{
    id::{Id, kind},
    member::PersonKind,
    playbook::Playbook as Checked,
};

use crate::{
    arguments::{Arguments, Member, Playbook, Portfolio, Token},
    builtin, keys, print,
};

/// Where the database and the broker are.
pub(crate) fn backend(arguments: &Arguments) -> anyhow::Result<Backend<'_>> {
    Ok(Backend {
        database_url: arguments.backend.database_url.expose(),
        database_connections: arguments.backend.database_connections,
        statement_timeout: Some(arguments.start.api.request_timeout()),
        amqp_url: arguments.backend.amqp_url.as_ref().map(|url| url.expose()),
        namespace: &arguments.backend.amqp_namespace,
        name: "venturi",
        keyring: keys::keyring(&arguments.backend)?,
        is_watched: true,
    })
}

/// The application on an up-to-date schema, with the configured playbook imported.
pub(crate) async fn prepared(arguments: &Arguments) -> anyhow::Result<(App, Id<kind::Playbook>)> {
    let app = delivery::open_database(&backend(arguments)?).await?;
    migration::migrate(app.database().write()).await?;
    let files = builtin::files(arguments.playbook.folder.as_deref())?;
    let playbook = playbook::import(&app, files).await?;
    Ok((app, playbook))
}

/// `venturi migrate`.
pub(crate) async fn migrate(arguments: &Arguments) -> anyhow::Result<()> {
    let (app, playbook) = prepared(arguments).await?;
    print(&format!("The schema is up to date, and playbook {playbook} is imported."))?;
    Ok(app.database().close().await?)
}

/// `venturi seed`.
pub(crate) async fn seed(arguments: &Arguments) -> anyhow::Result<()> {
    let (app, _) = prepared(arguments).await?;
    match demo::demo(&app).await? {
        Some(tokens) => print(&table(&tokens))?,
        None => print("The demo portfolio is there already.")?,
    }
    Ok(app.database().close().await?)
}

/// Roles and tokens, a line each.
pub(crate) fn table(tokens: &[(domain::Role, String)]) -> String {
    tokens.iter().map(|(role, token)| format!("  {:<17}{token}\n", role.as_str())).collect()
}

/// `venturi token …`.
pub(crate) async fn token(arguments: &Arguments, command: Token) -> anyhow::Result<()> {
    let app = delivery::open_database(&backend(arguments)?).await?;
    match command {
        Token::Create { portfolio, role, expires_in_days } => {
            let expires_at = expires_in_days.map(|days| app.clock().now() + Duration::days(i64::from(days)));
            print(&tokens::create(&app, &portfolio, &role, expires_at).await?)?;
        }
        Token::List { portfolio } => {
            let portfolio = portfolio_id(&app, &portfolio).await?;
            let now = app.clock().now();
            let reaching = query::tokens::reaching(&app, portfolio.uuid()).await?;
            let lines: Vec<_> = reaching.iter().map(|(token, handle)| line(token, handle, now)).collect();
            print(&lines.join("\n"))?;
        }
        Token::Revoke { id } => {
            let command = ByOperator(RevokeToken { token_id: Id::new(id) });
            app.execute(&Request::by_operator(), &command).await?;
        }
    }
    Ok(app.database().close().await?)
}

/// A token for a terminal.
fn line(token: &query::rows::Token, handle: &str, now: DateTime<Utc>) -> String {
    let status = match Status::of(token, now) {
        Status::Active => "active",
        Status::Expired => "expired",
        Status::Revoked => "revoked",
    };
    let day = |time: Option<DateTime<Utc>>| {
        time.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%dT%H:%MZ").to_string())
    };
    let hint = token.hint.as_deref().unwrap_or("-");
    let (ends, used) = (day(token.expires_at), day(token.last_used_at));
    format!("{}  {hint}  {handle}  {status}  ends {ends}  used {used}  {}", token.id, token.label)
}

/// `venturi member …`.
pub(crate) async fn member(arguments: &Arguments, command: Member) -> anyhow::Result<()> {
    let app = delivery::open_database(&backend(arguments)?).await?;
    let app = app.with_issuer(arguments.start.api.oidc.issuer());
    let request = Request::by_operator();
    match command {
        Member::Add { portfolio, handle, name, roles, email, oidc_subject, service } => {
            let command = AddMember {
                portfolio_id: portfolio_id(&app, &portfolio).await?,
                handle,
                name,
                kind: if service { PersonKind::Service } else { PersonKind::Person },
                email,
                subject: oidc_subject,
                roles,
            };
            let id = app.execute(&request, &ByOperator(command)).await?;
            print(&id.to_string())?;
        }
        Member::Link { handle, oidc_subject } => {
            app.execute(&request, &LinkSubject { handle, subject: oidc_subject }).await?;
        }
    }
    Ok(app.database().close().await?)
}

/// The portfolio of a slug.
async fn portfolio_id(app: &App, slug: &str) -> anyhow::Result<Id<kind::Portfolio>> {
    let found = query::portfolio(app, &Scope::All, slug).await?;
    let row = found.with_context(|| format!("there is no portfolio {slug:?}"))?;
    Ok(Id::new(row.id))
}

/// `venturi playbook …`.
pub(crate) async fn playbook(arguments: &Arguments, command: Playbook) -> anyhow::Result<()> {
    match command {
        Playbook::Check { directory } => check(&builtin::files(Some(&directory))?),
        Playbook::Import { directory, portfolio } => {
            let app = delivery::open_database(&backend(arguments)?).await?;
            let id = playbook::import(&app, builtin::files(Some(&directory))?).await?;
            adopt(&app, id, &portfolio).await?;
            Ok(app.database().close().await?)
        }
    }
}

fn check(files: &std::collections::BTreeMap<String, String>) -> anyhow::Result<()> {
    match Checked::load(files, &app::command::governed()) {
        Ok(playbook) => print(&format!(
            "{} {}: {} stages, no fault. Content {}.",
            playbook.name,
            playbook.version,
            playbook.stages.len(),
            playbook.hash
        )),
        Err(faults) => {
            let list: Vec<_> = faults.iter().map(ToString::to_string).collect();
            print(&list.join("\n"))?;
            anyhow::bail!("{} faults", faults.len());
        }
    }
}

/// Lets portfolios use a playbook for runs to come: those named, or all.
pub(crate) async fn adopt(
    app: &App,
    playbook_id: Id<kind::Playbook>,
    slugs: &[String],
) -> anyhow::Result<()> {
    let request = Request::by_operator();
    for (slug, portfolio_id) in query::portfolio_ids(app, &Scope::All).await? {
        if (slugs.is_empty() || slugs.contains(&slug))
            && app.execute(&request, &AdoptPlaybook { portfolio_id, playbook_id }).await?
        {
            tracing::info!(portfolio = slug, playbook = %playbook_id, "the portfolio uses another playbook from now on");
        }
    }
    Ok(())
}

/// `venturi portfolio …`.
pub(crate) async fn portfolio(arguments: &Arguments, command: Portfolio) -> anyhow::Result<()> {
    let app = delivery::open_database(&backend(arguments)?).await?;
    let Portfolio::Create { slug, name, zone, currency } = command;
    let request = Request::by_operator();
    let input = CreatePortfolio { slug: slug.clone(), name, zone, currency };
    app.execute(&request, &FoundPortfolio(input)).await?;
    print(&format!("Portfolio {slug} is there. Next: venturi token create --portfolio {slug} --role ADMIN"))?;
    Ok(app.database().close().await?)
}
