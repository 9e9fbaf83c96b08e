//! Members, roles and API tokens on both databases: who may give what, and that nobody gets further than that.

use std::collections::BTreeSet;

use app::{
    Actor, App, Error, Request,
    actor::{Credential, Person},
    commands::{
        AddMember, ByOperator, CreatePortfolio, CreateToken, FoundPortfolio, PauseVenture, RemoveMember,
        RevokeToken, SetRoles,
    },
    query,
    token::{self, Refused, Secret},
};
use chrono::Duration;
use domain::{
    id::{Id, kind},
    member::{MAX_TOKENS, PersonKind},
    refusal::Code,
};
use entity::{audit, history, idempotency, member, person, token as token_row};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use testing::world::{World, role, until};

on_both! {
    a_member_comes_and_goes_and_all_of_it_is_on_record
    a_person_is_not_changed_from_another_portfolio
    only_an_admin_there_decides_of_members
    two_last_admins_cannot_demote_each_other
    a_token_lives_from_its_making_to_its_end
    a_repeated_request_makes_no_second_token_and_tells_no_secret
    a_token_reaches_no_further_than_it_was_made_to
    nobody_makes_a_token_that_reaches_further_than_they_do
    tokens_bound_to_a_portfolio_end_with_the_membership
    a_person_has_so_many_tokens_and_no_more
    the_last_use_is_kept_to_the_minute
    a_role_goes_to_nobody_who_merely_has_its_name
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn forbidden<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}

fn missing<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}

/// Somebody new of a portfolio.
fn newcomer(portfolio_id: Id<kind::Portfolio>, handle: &str, roles: &[&str]) -> AddMember {
    AddMember {
        portfolio_id,
        handle: handle.to_owned(),
        name: "Somebody New".to_owned(),
        kind: PersonKind::Person,
        email: None,
        subject: None,
        roles: roles.iter().map(ToString::to_string).collect(),
    }
}

/// A token for oneself, as far as oneself.
fn own_token() -> CreateToken {
    CreateToken {
        member_id: None,
        portfolio_id: None,
        roles: None,
        label: "for a test".to_owned(),
        expires_in_days: 30,
    }
}

fn texts(roles: &[&str]) -> Option<Vec<String>> {
    Some(roles.iter().map(ToString::to_string).collect())
}

/// What a test does as somebody.
struct As<'a> {
    app: &'a App,
    request: Request,
}

impl<'a> As<'a> {
    async fn role(world: &'a World, role: &str) -> Self {
        Self { app: &world.app, request: world.request(role).await }
    }

    /// Who holds a token.
    async fn holder(world: &'a World, token: &str) -> Self {
        let actor = token::authenticate(&world.app, token).await.unwrap().expect("a good token");
        Self { app: &world.app, request: Request::by(actor) }
    }

    async fn does<C: app::Command>(&self, command: &C) -> Result<C::Output, Error> {
        self.app.execute(&self.request, command).await
    }

    /// Makes a token that must not be refused; its id and the token.
    async fn makes(&self, command: &CreateToken) -> (Id<kind::Token>, Secret) {
        let made = self.does(command).await.unwrap();
        (made.token_id, made.secret.expect("shown once"))
    }

    fn person(&self) -> &Person {
        self.request.actor.person().unwrap()
    }
}

/// A second portfolio, with a token of its ADMIN.
async fn second(world: &World) -> (Id<kind::Portfolio>, String) {
    let command = FoundPortfolio(CreatePortfolio {
        slug: "other".to_owned(),
        name: "Another portfolio".to_owned(),
        zone: "UTC".to_owned(),
        currency: "USD".to_owned(),
    });
    let id = world.app.execute(&Request::by_operator(), &command).await.unwrap();
    (id, token::create(&world.app, "other", &role("ADMIN"), None).await.unwrap())
}

/// The member who holds a role of the demo portfolio.
async fn member_of(world: &World, role: &str) -> Id<kind::Member> {
    let actor = world.actor(role).await;
    let person = actor.person().unwrap().id.uuid();
    let rows = member::Entity::find().filter(member::Column::PersonId.eq(person));
    Id::new(rows.one(world.app.database().read()).await.unwrap().unwrap().id)
}

/// Who holds the token, if anybody still does.
async fn holder(world: &World, token: &Secret) -> Option<Person> {
    let actor = token::authenticate(&world.app, token.expose()).await.unwrap();
    actor.ok().map(|actor| actor.person().unwrap().clone())
}

/// Before and after, as the history has them of a command's last run, or the audit if nothing happened of it.
async fn on_record(world: &World, command: &str) -> (Value, Value) {
    let db = world.app.database().read();
    let told = history::Entity::find().filter(history::Column::Command.eq(command));
    let told = told.order_by_desc(history::Column::Id).one(db).await.unwrap();
    let states = match told {
        Some(row) => (row.before, row.after),
        None => {
            let rows = audit::Entity::find().filter(audit::Column::Command.eq(command));
            let row = rows.order_by_desc(audit::Column::Id).one(db).await.unwrap().expect("an audit row");
            (row.before, row.after)
        }
    };
    (states.0.unwrap_or_default(), states.1.unwrap_or_default())
}

async fn a_member_comes_and_goes_and_all_of_it_is_on_record(world: World) {
    let (admin, portfolio) = (As::role(&world, "ADMIN").await, world.portfolio().await);
    let add = newcomer(portfolio, "jane.doe", &["LEAD", "LEAD", "VIEWER"]);
    let id = admin.does(&add).await.unwrap();
    assert_eq!(on_record(&world, "add_member").await.1["roles"], json!(["LEAD", "VIEWER"]));
    assert_eq!(code(admin.does(&add).await), Code::AlreadyMember);
    for (roles, refused) in
        [(&["SAILOR"][..], Code::UnknownRole), (&["lead"], Code::UnknownRole), (&[], Code::InvalidInput)]
    {
        let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
        assert_eq!(code(admin.does(&SetRoles { member_id: id, roles }).await), refused);
    }
    let roles = vec!["BOARD".to_owned()];
    admin.does(&SetRoles { member_id: id, roles }).await.unwrap();
    let (before, after) = on_record(&world, "set_roles").await;
    assert_eq!((&before["roles"], &after["roles"]), (&json!(["LEAD", "VIEWER"]), &json!(["BOARD"])));
    admin.does(&RemoveMember { member_id: id }).await.unwrap();
    assert_eq!(on_record(&world, "remove_member").await.0["member_id"], json!(id));
    missing(admin.does(&RemoveMember { member_id: id }).await);
    let events = history::Entity::find().filter(history::Column::Kind.starts_with("member."));
    let events = events.order_by_asc(history::Column::Id).all(world.app.database().read()).await.unwrap();
    let of_jane = events.iter().filter(|event| event.body["member_id"] == json!(id));
    let kinds: Vec<_> = of_jane.map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["member.added.v1", "member.roles_changed.v1", "member.removed.v1"]);
    admin.does(&add).await.expect("she may come back");
}

async fn a_person_is_not_changed_from_another_portfolio(world: World) {
    let (other, token) = second(&world).await;
    let known = AddMember {
        email: Some("Jane@example.org".to_owned()),
        ..newcomer(world.portfolio().await, "jane", &["LEAD"])
    };
    As::role(&world, "ADMIN").await.does(&known).await.unwrap();
    let elsewhere = As::holder(&world, &token).await;
    let guess = AddMember { name: "Janet".to_owned(), ..newcomer(other, "jane", &["LEAD"]) };
    assert_eq!(code(elsewhere.does(&guess).await), Code::HandleTaken, "a guessed handle adds nobody");
    let wrong = AddMember { email: Some("janet@example.org".to_owned()), ..guess.clone() };
    assert_eq!(code(elsewhere.does(&wrong).await), Code::HandleTaken);
    let right = AddMember { email: Some("jane@example.org".to_owned()), ..guess };
    elsewhere.does(&right).await.unwrap();
    let subject = AddMember { subject: Some("sub-1".to_owned()), ..newcomer(other, "john", &["LEAD"]) };
    assert_eq!(code(elsewhere.does(&subject).await), Code::InvalidInput, "no issuer is configured");
    let rows = person::Entity::find().filter(person::Column::Handle.eq("jane"));
    let row = rows.one(world.app.database().read()).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.email.as_deref()), ("Somebody New", Some("Jane@example.org")));
}

async fn only_an_admin_there_decides_of_members(world: World) {
    let (other, foreign) = second(&world).await;
    let (portfolio, lead) = (world.portfolio().await, member_of(&world, "LEAD").await);
    let add = newcomer(portfolio, "new", &["VIEWER"]);
    let remove = RemoveMember { member_id: lead };
    let set = SetRoles { member_id: lead, roles: vec!["CHAIRMAN".to_owned()] };
    for role in ["CHAIRMAN", "OPERATOR", "LEAD", "VIEWER"] {
        let caller = As::role(&world, role).await;
        forbidden(caller.does(&add).await);
        forbidden(caller.does(&remove).await);
        forbidden(caller.does(&set).await);
    }
    let elsewhere = As::holder(&world, &foreign).await;
    missing(elsewhere.does(&add).await);
    missing(elsewhere.does(&remove).await);
    missing(elsewhere.does(&set).await);
    missing(As::role(&world, "ADMIN").await.does(&newcomer(other, "new", &["VIEWER"])).await);
    let agent = As { app: &world.app, request: Request::by_operator() };
    forbidden(agent.does(&add).await);
    agent.does(&ByOperator(add)).await.expect("by whoever runs the system");
}

async fn two_last_admins_cannot_demote_each_other(world: World) {
    let portfolio = world.portfolio().await;
    let (first, admin) = (member_of(&world, "ADMIN").await, As::role(&world, "ADMIN").await);
    let viewer = vec!["VIEWER".to_owned()];
    let demote = |member_id| SetRoles { member_id, roles: viewer.clone() };
    assert_eq!(code(admin.does(&demote(first)).await), Code::LastAdmin);
    assert_eq!(code(admin.does(&RemoveMember { member_id: first }).await), Code::LastAdmin);
    for round in 0..5 {
        let second = admin.does(&newcomer(portfolio, &format!("second-{round}"), &["ADMIN"])).await.unwrap();
        let (one, other) = (demote(first), RemoveMember { member_id: second });
        let (demoted, removed) = tokio::join!(admin.does(&one), admin.does(&other));
        assert!(demoted.is_ok() != removed.is_ok(), "one of them stays: {demoted:?} {removed:?}");
        if demoted.is_ok() {
            assert_eq!(code(removed), Code::LastAdmin);
            let restore = SetRoles { member_id: first, roles: vec!["ADMIN".to_owned()] };
            let agent = As { app: &world.app, request: Request::by_operator() };
            agent.does(&ByOperator(restore)).await.unwrap();
            admin.does(&other).await.unwrap();
        }
    }
}

async fn a_token_lives_from_its_making_to_its_end(world: World) {
    let lead = As::role(&world, "LEAD").await;
    let (id, secret) = lead.makes(&own_token()).await;
    let found = holder(&world, &secret).await.expect("a good token");
    assert_eq!((&found.handle, &found.memberships), (&lead.person().handle, &lead.person().memberships));
    assert_eq!(found.credential.token(), Some(id));
    let row = token_row::Entity::find_by_id(id.uuid()).one(world.app.database().read()).await.unwrap();
    let row = row.unwrap();
    let hint = row.hint.clone().unwrap();
    assert!(secret.expose().starts_with(&hint) && hint.len() == token::PREFIX.len() + 8, "{hint}");
    assert_eq!(row.hash, token::hash(secret.expose()), "kept as a hash");
    assert!(!format!("{row:?} {secret:?}").contains(secret.expose()));
    world.clock.advance(Duration::days(30) - Duration::microseconds(1));
    assert!(holder(&world, &secret).await.is_some(), "to its last moment");
    world.clock.advance(Duration::microseconds(1));
    let ended = token::authenticate(&world.app, secret.expose()).await.unwrap();
    assert_eq!(ended, Err(Refused::Ended), "and not beyond; no guess");
    let (id, secret) = lead.makes(&own_token()).await;
    for other in ["CHAIRMAN", "ADMIN"] {
        missing(As::role(&world, other).await.does(&RevokeToken { token_id: id }).await);
    }
    lead.does(&RevokeToken { token_id: id }).await.unwrap();
    assert!(holder(&world, &secret).await.is_none(), "at the next request");
    assert_eq!(code(lead.does(&RevokeToken { token_id: id }).await), Code::TokenRevoked);
    let (before, after) = on_record(&world, "revoke_token").await;
    assert!(before["revoked_at"].is_null() && after["revoked_at"].is_string());
    for bad in ["", "venturi_", "venturi_unknown", secret.expose().to_uppercase().as_str()] {
        assert_eq!(token::authenticate(&world.app, bad).await.unwrap(), Err(Refused::Unknown), "{bad:?}");
    }
}

async fn a_repeated_request_makes_no_second_token_and_tells_no_secret(world: World) {
    let mut lead = As::role(&world, "LEAD").await;
    lead.request = lead.request.with_key(Some("token-1".to_owned())).unwrap();
    let first = lead.does(&own_token()).await.unwrap();
    let again = lead.does(&own_token()).await.unwrap();
    assert_eq!((again.token_id, again.secret), (first.token_id, None));
    let other = CreateToken { label: "another".to_owned(), ..own_token() };
    assert_eq!(code(lead.does(&other).await), Code::IdempotencyKeyReused);
    let secret = first.secret.unwrap();
    let secret = secret.expose().rsplit('_').next().unwrap();
    let db = world.app.database().read();
    let kept = format!(
        "{:?} {:?} {:?} {:?}",
        idempotency::Entity::find().all(db).await.unwrap(),
        audit::Entity::find().all(db).await.unwrap(),
        history::Entity::find().all(db).await.unwrap(),
        token_row::Entity::find().all(db).await.unwrap(),
    );
    assert!(kept.contains("token-1") && !kept.contains(secret));
}

/// The roles that a person has with what they signed in with, by portfolio.
fn reach(person: &Person) -> Vec<(Id<kind::Portfolio>, Vec<String>)> {
    let places = person.memberships.iter();
    places.map(|m| (m.portfolio_id, m.roles.iter().map(ToString::to_string).collect())).collect()
}

async fn a_token_reaches_no_further_than_it_was_made_to(world: World) {
    let (other, foreign) = second(&world).await;
    let (portfolio, admin) = (world.portfolio().await, As::role(&world, "ADMIN").await);
    // Somebody with a place in each.
    let id = admin.does(&newcomer(portfolio, "both", &["ADMIN", "BOARD", "LEAD"])).await.unwrap();
    As::holder(&world, &foreign).await.does(&newcomer(other, "both", &["LEAD"])).await.unwrap();
    let unbound = CreateToken { member_id: Some(id), ..own_token() };
    let (_, secret) = admin.makes(&unbound).await;
    let bound = holder(&world, &secret).await.unwrap();
    let all: Vec<_> = ["ADMIN", "BOARD", "LEAD"].map(str::to_owned).into();
    assert_eq!(reach(&bound), [(portfolio, all.clone())], "an ADMIN's is bound to the portfolio");
    let narrow = CreateToken { roles: texts(&["BOARD", "LEAD"]), ..unbound.clone() };
    let (_, narrow) = admin.makes(&narrow).await;
    let found = holder(&world, &narrow).await.unwrap();
    assert_eq!(reach(&found), [(portfolio, vec!["BOARD".to_owned(), "LEAD".to_owned()])]);
    let (_, reading) = admin.makes(&CreateToken { roles: texts(&[]), ..unbound }).await;
    assert_eq!(reach(&holder(&world, &reading).await.unwrap()), [(portfolio, Vec::new())]);
    let venture_id = world.venture("Read and left alone").await;
    let reader = As::holder(&world, reading.expose()).await;
    let scope = reader.request.actor.scope();
    let seen = query::batch::ventures(&world.app, &scope, &[venture_id.uuid()]).await.unwrap();
    assert_eq!(seen.len(), 1);
    let pause = PauseVenture { venture_id, expected_version: None, reason: "no reason".to_owned() };
    forbidden(reader.does(&pause).await);
    As::holder(&world, narrow.expose()).await.does(&pause).await.unwrap();
    // A role that is taken away is taken from every token.
    admin.does(&SetRoles { member_id: id, roles: vec!["LEAD".to_owned()] }).await.unwrap();
    assert_eq!(reach(&holder(&world, &narrow).await.unwrap()), [(portfolio, vec!["LEAD".to_owned()])]);
    assert_eq!(reach(&holder(&world, &secret).await.unwrap()), [(portfolio, vec!["LEAD".to_owned()])]);
}

async fn nobody_makes_a_token_that_reaches_further_than_they_do(world: World) {
    let (other, foreign) = second(&world).await;
    let portfolio = world.portfolio().await;
    let (admin, lead) = (As::role(&world, "ADMIN").await, As::role(&world, "LEAD").await);
    let (own, chairman) = (member_of(&world, "LEAD").await, member_of(&world, "CHAIRMAN").await);
    // For others, but as an ADMIN of theirs.
    forbidden(lead.does(&CreateToken { member_id: Some(chairman), ..own_token() }).await);
    let elsewhere = As::holder(&world, &foreign).await;
    missing(elsewhere.does(&CreateToken { member_id: Some(chairman), ..own_token() }).await);
    missing(lead.does(&CreateToken { portfolio_id: Some(other), ..own_token() }).await);
    // Roles that its holder has not.
    for command in [
        CreateToken { roles: texts(&["BOARD"]), ..own_token() },
        CreateToken { roles: texts(&["LEAD", "ADMIN"]), portfolio_id: Some(portfolio), ..own_token() },
        CreateToken { roles: texts(&["ADMIN"]), member_id: Some(own), ..own_token() },
    ] {
        assert_eq!(code(lead.does(&command).await), Code::RoleNotHeld, "{command:?}");
        if command.member_id.is_some() {
            assert_eq!(code(admin.does(&command).await), Code::RoleNotHeld, "for a member");
        }
    }
    let mismatch = CreateToken { member_id: Some(own), portfolio_id: Some(other), ..own_token() };
    assert_eq!(code(admin.does(&mismatch).await), Code::InvalidInput);
    // With a token that reaches less than its holder.
    let bound = CreateToken { portfolio_id: Some(portfolio), ..own_token() };
    let reading = CreateToken { roles: texts(&[]), ..own_token() };
    for restricted in [bound, reading] {
        let (id, secret) = lead.makes(&restricted).await;
        let (another, _) = lead.makes(&own_token()).await;
        let caller = As::holder(&world, secret.expose()).await;
        for command in [own_token(), restricted, CreateToken { member_id: Some(own), ..own_token() }] {
            forbidden(caller.does(&command).await);
        }
        missing(caller.does(&RevokeToken { token_id: another }).await);
        let ids = [id.uuid(), another.uuid()];
        let known = query::tokens::by_ids(&world.app, &caller.request.actor, &ids).await.unwrap();
        assert_eq!(known.into_keys().collect::<Vec<_>>(), [id.uuid()], "it knows itself alone");
        caller.does(&RevokeToken { token_id: id }).await.expect("itself it may end");
    }
    // A bound token of an ADMIN's: in its portfolio, and nowhere else.
    let (_, secret) = admin.makes(&CreateToken { portfolio_id: Some(portfolio), ..own_token() }).await;
    let bound = As::holder(&world, secret.expose()).await;
    forbidden(bound.does(&own_token()).await);
    let found = CreatePortfolio {
        slug: "third".to_owned(),
        name: "A third portfolio".to_owned(),
        zone: "UTC".to_owned(),
        currency: "EUR".to_owned(),
    };
    forbidden(bound.does(&found).await);
    bound.makes(&CreateToken { member_id: Some(chairman), ..own_token() }).await;
    admin.does(&found).await.expect("as far as they themselves reach");
    // None outlives the token it is made with.
    let (_, short) = lead.makes(&CreateToken { expires_in_days: 1, ..own_token() }).await;
    let (_, long) = As::holder(&world, short.expose()).await.makes(&own_token()).await;
    let Credential::Token { expires_at, .. } = holder(&world, &long).await.unwrap().credential else {
        panic!("a token")
    };
    assert_eq!(expires_at, Some(testing::world::now(&world) + Duration::days(1)));
}

async fn tokens_bound_to_a_portfolio_end_with_the_membership(world: World) {
    let (admin, portfolio) = (As::role(&world, "ADMIN").await, world.portfolio().await);
    let add = newcomer(portfolio, "leaver", &["LEAD"]);
    let member_id = admin.does(&add).await.unwrap();
    let (_, bound) = admin.makes(&CreateToken { member_id: Some(member_id), ..own_token() }).await;
    let signed_in = As { app: &world.app, request: Request::by(unrestricted(&world, &bound).await) };
    let (_, unbound) = signed_in.makes(&own_token()).await;
    admin.does(&RemoveMember { member_id }).await.unwrap();
    assert!(holder(&world, &bound).await.is_none());
    assert_eq!(holder(&world, &unbound).await.unwrap().memberships, [], "theirs, and of no use here");
    admin.does(&add).await.unwrap();
    assert!(holder(&world, &bound).await.is_none(), "it does not come back with its holder");
    assert_eq!(reach(&holder(&world, &unbound).await.unwrap()), [(portfolio, vec!["LEAD".to_owned()])]);
}

/// The holder of a bound token, as if they had signed in by themselves.
async fn unrestricted(world: &World, token: &Secret) -> Actor {
    let person = holder(world, token).await.unwrap();
    let credential = Credential::Claims {
        issuer: "https://issuer.test".to_owned(),
        subject: person.handle.clone(),
        ends_at: testing::world::now(world) + Duration::minutes(5),
    };
    Actor::Person(Person { credential, ..person })
}

async fn a_person_has_so_many_tokens_and_no_more(world: World) {
    let lead = As::role(&world, "LEAD").await;
    // The demo's own is one of them.
    for _ in 1..MAX_TOKENS {
        lead.makes(&own_token()).await;
    }
    assert_eq!(code(lead.does(&own_token()).await), Code::TooManyTokens);
    world.clock.advance(Duration::days(30));
    lead.makes(&own_token()).await;
    for days in [0, 3_651] {
        let refused = lead.does(&CreateToken { expires_in_days: days, ..own_token() }).await;
        assert_eq!(code(refused), Code::InvalidInput, "{days}");
    }
}

async fn the_last_use_is_kept_to_the_minute(world: World) {
    let (id, secret) = As::role(&world, "LEAD").await.makes(&own_token()).await;
    let last = || async {
        let db = world.app.database().read();
        token_row::Entity::find_by_id(id.uuid()).one(db).await.unwrap().unwrap().last_used_at
    };
    let used = || async {
        let actor = token::authenticate(&world.app, secret.expose()).await.unwrap().unwrap();
        token::usage::note(&world.app, &actor);
        last().await
    };
    assert_eq!(last().await, None);
    let first = testing::world::now(&world);
    assert!(until(|| async { used().await == Some(first) }).await);
    world.clock.advance(Duration::seconds(59));
    used().await;
    world.clock.advance(Duration::seconds(1));
    let third = testing::world::now(&world);
    assert!(until(|| async { used().await != Some(first) }).await);
    assert_eq!(last().await, Some(third), "the one within the minute was not written");
}

async fn a_role_goes_to_nobody_who_merely_has_its_name(world: World) {
    let (_, foreign) = second(&world).await;
    let elsewhere = As::holder(&world, &foreign).await;
    let other = elsewhere.person().memberships[0].portfolio_id;
    elsewhere.does(&newcomer(other, "acme.chairman", &["VIEWER"])).await.unwrap();
    let command = FoundPortfolio(CreatePortfolio {
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        zone: "UTC".to_owned(),
        currency: "EUR".to_owned(),
    });
    world.app.execute(&Request::by_operator(), &command).await.unwrap();
    let mut handles = BTreeSet::new();
    for _ in 0..2 {
        let token = token::create(&world.app, "acme", &role("CHAIRMAN"), None).await.unwrap();
        handles.insert(As::holder(&world, &token).await.person().handle.clone());
    }
    assert_eq!(handles, BTreeSet::from(["acme.chairman-2".to_owned()]), "the same member each time");
    let outcome = token::create(&world.app, "acme", &role("SAILOR"), None).await;
    assert_eq!(code(outcome), Code::InvalidInput);
}
