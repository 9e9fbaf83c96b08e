//! The commands that operate a system: each opens the database, does one thing and ends.

use app::{
    Actor, App, Request, Scope,
    commands::{AdoptPlaybook, CreatePortfolio, FoundPortfolio},
    playbooks, query, seed as demo, token as tokens,
};
use chrono::Duration;
use delivery::Backend;
use domain::{
    id::{Id, kind},
    playbook::Playbook as Checked,
};

use crate::{
    arguments::{Arguments, Playbook, Portfolio, Token},
    builtin, print,
};

/// Where the database and the broker are.
pub(crate) fn backend(arguments: &Arguments) -> Backend<'_> {
    Backend {
        database_url: arguments.backend.database_url.expose(),
        database_connections: arguments.backend.database_connections,
        statement_timeout: Some(arguments.start.api.request_timeout()),
        amqp_url: arguments.backend.amqp_url.as_ref().map(|url| url.expose()),
        namespace: &arguments.backend.amqp_namespace,
        name: "venturi",
    }
}

/// The application on an up-to-date schema, with the configured playbook imported.
pub(crate) async fn prepared(arguments: &Arguments) -> anyhow::Result<(App, Id<kind::Playbook>)> {
    let app = delivery::open_database(&backend(arguments)).await?;
    migration::migrate(app.database().write()).await?;
    let files = builtin::files(arguments.playbook.folder.as_deref())?;
    let playbook = playbooks::import(&app, files).await?;
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
    let app = delivery::open_database(&backend(arguments)).await?;
    let Token::Create { portfolio, role, expires_in_days } = command;
    let expires_at = expires_in_days.map(|days| app.clock().now() + Duration::days(i64::from(days)));
    print(&tokens::create(&app, &portfolio, &role, expires_at).await?)?;
    Ok(app.database().close().await?)
}

/// `venturi playbook …`.
pub(crate) async fn playbook(arguments: &Arguments, command: Playbook) -> anyhow::Result<()> {
    match command {
        Playbook::Check { directory } => check(&builtin::files(Some(&directory))?),
        Playbook::Import { directory, portfolio } => {
            let app = delivery::open_database(&backend(arguments)).await?;
            let id = playbooks::import(&app, builtin::files(Some(&directory))?).await?;
            adopt(&app, id, &portfolio).await?;
            Ok(app.database().close().await?)
        }
    }
}

fn check(files: &std::collections::BTreeMap<String, String>) -> anyhow::Result<()> {
    match Checked::load(files) {
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
    let request = Request::by(Actor::Agent("operator".to_owned()));
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
    let app = delivery::open_database(&backend(arguments)).await?;
    let Portfolio::Create { slug, name, zone, currency } = command;
    let request = Request::by(Actor::Agent("operator".to_owned()));
    let input = CreatePortfolio { slug: slug.clone(), name, zone, currency };
    app.execute(&request, &FoundPortfolio(input)).await?;
    print(&format!("Portfolio {slug} is there. Next: venturi token create --portfolio {slug} --role ADMIN"))?;
    Ok(app.database().close().await?)
}
