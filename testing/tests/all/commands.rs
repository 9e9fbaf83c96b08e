//! Commands on both databases: what is refused, what is forbidden, and what happens when two come at once.

use std::collections::BTreeSet;

use app::{
    Actor, Error, Request,
    commands::{
        AdoptPlaybook, AdvanceVenture, Attest, CompleteStageRun, CreateVenture, DecideGate, KillVenture,
        OpenStageRun, PauseVenture, RequestGateValidation, ResumeVenture, SkipStageRun, UpdateVenture,
        WithdrawEvidence,
    },
    playbook,
    venture::counts,
    waiting,
};
use delivery::Faults;
use domain::{
    evidence::{Content, Submission, Target},
    id::Id,
    playbook::Playbook,
    refusal::Code,
    venture::{ProfileChange, StatusKind, Venture},
};
use entity::{Name, evidence, history, stage_count, stage_run, venture, waiting as waiting_row};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, Statement,
};
use testing::world::{World, playbook_files, until};

on_both! {
    of_two_changes_of_one_version_one_is_refused
    the_same_key_at_once_makes_one_venture
    a_change_or_a_withdrawal_lapses_what_passed_on_it
    a_killed_venture_takes_nothing_more
    rights_are_the_playbooks
    a_run_ends_with_the_playbook_it_started_with
    a_portfolio_runs_a_stage_of_its_own
    what_stands_beside_a_root_is_read_again_after_a_wait
    a_row_that_does_not_wait_is_found_out
    many_rows_of_counts_are_folded_a_part_at_a_time
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn rename(venture_id: Id<Venture>, expected_version: Option<i64>, name: &str) -> UpdateVenture {
    let change = ProfileChange { name: Some(name.to_owned()), ..ProfileChange::default() };
    UpdateVenture { venture_id, expected_version, change }
}

async fn of_two_changes_of_one_version_one_is_refused(world: World) {
    let id = world.venture("Contested").await;
    let request = world.request("LEAD").await;
    let (first, second) = (rename(id, Some(1), "First"), rename(id, Some(1), "Second"));
    let (one, other) =
        tokio::join!(world.app.execute(&request, &first), world.app.execute(&request, &second));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(won.is_ok());
    assert_eq!(code(lost), Code::StaleVersion);
    let row = venture::Entity::find_by_id(id.uuid()).one(world.app.database().read()).await.unwrap().unwrap();
    assert_eq!(row.version, 2);
    assert!(["First", "Second"].contains(&row.name.as_str()));
}

async fn the_same_key_at_once_makes_one_venture(world: World) {
    let before = venture::Entity::find().count(world.app.database().read()).await.unwrap();
    let command = CreateVenture {
        portfolio_id: world.portfolio().await,
        name: "Only once".to_owned(),
        description: "Asked for ten times at the same moment.".to_owned(),
        category: None,
        zone: None,
        currency: None,
    };
    let request = world.request("LEAD").await.with_key(Some("once".to_owned())).unwrap();
    let all = (0..10).map(|_| world.app.execute(&request, &command));
    let answers = futures_util::future::join_all(all).await;
    let ids: std::collections::BTreeSet<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert_eq!(ids.len(), 1);
    let after = venture::Entity::find().count(world.app.database().read()).await.unwrap();
    assert_eq!(after, before + 1);
    let other = CreateVenture { name: "Another".to_owned(), ..command };
    assert_eq!(code(world.app.execute(&request, &other).await), Code::IdempotencyKeyReused);
}

/// Leads a venture to where only the advance is left.
async fn ready_to_advance(world: &World) -> Id<Venture> {
    let id = world.venture("Ready").await;
    let run = world.app.playbook(playbook_of(world, id).await).await.unwrap();
    let request = world.request("EVA").await;
    for label in run.stage(1).unwrap().substages.iter().flat_map(|substage| &substage.done_when) {
        let content = Content::Text("It was said at the meeting.".to_owned());
        let evidence = vec![Submission { title: "Minutes".to_owned(), content }];
        let target = Target::DoneWhen(label.key.clone());
        let attest = Attest {
            root: id.into(),
            expected_version: None,
            target,
            value: None,
            note: None,
            evidence,
            cited: Vec::new(),
        };
        world.app.execute(&request, &attest).await.unwrap();
    }
    let agent = Request::by(Actor::Agent("gate-validator".to_owned()));
    for gate in ["title-validated", "description-validated", "category-assigned"] {
        let gate_run_id = world.validate(id, gate).await;
        world.app.execute(&agent, &DecideGate { gate_run_id }).await.unwrap();
    }
    id
}

async fn playbook_of(world: &World, id: Id<Venture>) -> Id<domain::id::kind::Playbook> {
    let runs = stage_run::Entity::find().all(world.app.database().read()).await.unwrap();
    Id::new(runs.into_iter().find(|run| run.venture_id == Some(id.uuid())).unwrap().playbook_id)
}

async fn a_change_or_a_withdrawal_lapses_what_passed_on_it(world: World) {
    let id = ready_to_advance(&world).await;
    let request = world.request("EVA").await;
    let category = |category: Option<&str>| UpdateVenture {
        venture_id: id,
        expected_version: None,
        change: ProfileChange { category: Some(category.map(str::to_owned)), ..ProfileChange::default() },
    };
    let advance = AdvanceVenture { venture_id: id, expected_version: None };
    world.app.execute(&request, &category(None)).await.unwrap();
    assert_eq!(code(world.app.execute(&request, &advance).await), Code::GateLapsed);
    world.app.execute(&request, &category(Some("tests"))).await.unwrap();

    let pieces = evidence::Entity::find().all(world.app.database().read()).await.unwrap();
    let withdraw = WithdrawEvidence { evidence_id: Id::new(pieces[0].id), reason: "a mistake".to_owned() };
    world.app.execute(&request, &withdraw).await.unwrap();
    assert_eq!(code(world.app.execute(&request, &withdraw).await), Code::EvidenceWithdrawn);
    assert_eq!(code(world.app.execute(&request, &advance).await), Code::DoneWhenOpen);
}

async fn a_killed_venture_takes_nothing_more(world: World) {
    let id = world.venture("Short-lived").await;
    let gate_run = world.validate(id, "title-validated").await;
    let lead = world.request("LEAD").await;
    let reason = || "no market".to_owned();
    let pause = PauseVenture { venture_id: id, expected_version: None, reason: reason() };
    world.app.execute(&lead, &pause).await.unwrap();
    assert_eq!(code(world.app.execute(&lead, &pause).await), Code::VentureNotActive);
    let resume = ResumeVenture { venture_id: id, expected_version: None };
    world.app.execute(&lead, &resume).await.unwrap();
    assert_eq!(code(world.app.execute(&lead, &resume).await), Code::VentureNotPaused);
    let kill = KillVenture { venture_id: id, expected_version: None, reason: reason() };
    assert!(matches!(world.app.execute(&lead, &kill).await, Err(Error::Forbidden(_))));
    world.app.execute(&world.request("BOARD").await, &kill).await.unwrap();
    assert_eq!(code(world.app.execute(&lead, &pause).await), Code::VentureEnded);
    // The validation asked for before has become pointless, and says so.
    let process = world.start(Faults::default()).await;
    world.settled().await;
    process.drain().await;
    assert_eq!(world.verdicts().await[&gate_run.uuid()], ("CANCELLED".to_owned(), None));
    let kinds: Vec<_> = world.history(id).await.into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds.last().map(String::as_str), Some("gate_run.cancelled.v1"));
}

async fn rights_are_the_playbooks(world: World) {
    let id = world.venture("Guarded").await;
    let update = rename(id, None, "Renamed");
    for (role, allowed) in
        [("VIEWER", false), ("SALES", false), ("AGENT", false), ("LEAD", true), ("CHAIRMAN", true)]
    {
        let outcome = world.app.execute(&world.request(role).await, &update).await;
        assert_eq!(outcome.is_ok(), allowed, "{role}: {outcome:?}");
        assert!(allowed || matches!(outcome, Err(Error::Forbidden(_))));
    }
    let gate_run_id = world.validate(id, "title-validated").await;
    let decided = world.app.execute(&world.request("CHAIRMAN").await, &DecideGate { gate_run_id }).await;
    assert!(matches!(decided, Err(Error::Forbidden(_))), "a person decides no gate: {decided:?}");
    let agent = Request::by(Actor::Agent("gate-validator".to_owned()));
    let outcome = world.app.execute(&agent, &update).await;
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "an agent does what it is sent: {outcome:?}");
}

async fn a_run_ends_with_the_playbook_it_started_with(world: World) {
    let old = world.venture("Started before").await;
    let first = playbook_of(&world, old).await;
    let mut files = playbook_files();
    let main = files.get_mut("playbook.yaml").unwrap();
    *main = main.replace("version: 1.0.0", "version: 1.0.1");
    let playbook_id = playbook::import(&world.app, files.clone()).await.unwrap();
    assert_ne!(playbook_id, first);
    assert_eq!(playbook::import(&world.app, files).await.unwrap(), playbook_id, "once, by its content");
    let agent = Request::by(Actor::Agent("operator".to_owned()));
    let adopt = AdoptPlaybook { portfolio_id: world.portfolio().await, playbook_id };
    assert!(world.app.execute(&agent, &adopt).await.unwrap());
    assert!(!world.app.execute(&agent, &adopt).await.unwrap(), "done before");
    assert_eq!(playbook_of(&world, old).await, first);
    let new = world.venture("Started after").await;
    assert_eq!(playbook_of(&world, new).await, playbook_id);
}

/// Kinds of a portfolio's own events about its stage runs, oldest first.
async fn told_of_stage_runs(world: &World) -> Vec<String> {
    let rows = history::Entity::find()
        .filter(history::Column::RootId.eq(world.portfolio().await.uuid()))
        .order_by_asc(history::Column::Sequence);
    let rows = rows.all(world.app.database().read()).await.unwrap();
    let kinds = rows.into_iter().map(|row| row.kind);
    kinds
        .filter(|kind| ["stage.", "gate_run.", "label."].iter().any(|begin| kind.starts_with(begin)))
        .collect()
}

async fn a_portfolio_runs_a_stage_of_its_own(world: World) {
    const COORDINATION: u32 = 39;
    let portfolio_id = world.portfolio().await;
    let (lead, viewer) = (world.request("LEAD").await, world.request("VIEWER").await);
    let open = |stage| OpenStageRun { portfolio_id, expected_version: None, stage };
    let complete = CompleteStageRun { portfolio_id, expected_version: None };
    let skip = SkipStageRun { portfolio_id, expected_version: None, reason: "Not this year.".to_owned() };
    assert!(matches!(world.app.execute(&viewer, &open(COORDINATION)).await, Err(Error::Forbidden(_))));
    assert_eq!(code(world.app.execute(&lead, &open(1)).await), Code::UnknownStage, "a stage of ventures");
    assert_eq!(code(world.app.execute(&lead, &skip).await), Code::NoStageRunOpen);
    let stale = OpenStageRun { expected_version: Some(0), ..open(COORDINATION) };
    assert_eq!(code(world.app.execute(&lead, &stale).await), Code::StaleVersion);

    // Of two at once, one opens it.
    let (open, lead) = (open(COORDINATION), &lead);
    let (one, other) = tokio::join!(world.app.execute(lead, &open), world.app.execute(lead, &open));
    let (run, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert_eq!(code(lost), Code::StageRunOpen);
    assert_eq!(code(world.app.execute(lead, &complete).await), Code::StageNotEntered);

    // A gate over facts of the portfolio: two ventures of it are active.
    let gate = "multiple-ventures-active".to_owned();
    let validate = RequestGateValidation { root: portfolio_id.into(), expected_version: None, gate };
    let gate_run_id = world.app.execute(lead, &validate).await.unwrap();
    let agent = Request::by(Actor::Agent("gate-validator".to_owned()));
    world.app.execute(&agent, &DecideGate { gate_run_id }).await.unwrap();
    let passed = ("SUCCEEDED".to_owned(), Some("PASS".to_owned()));
    assert_eq!(world.verdicts().await[&gate_run_id.uuid()], passed);
    assert_eq!(waiting::mismatches(&world.app, portfolio_id).await.unwrap(), Vec::<String>::new());

    assert_eq!(world.app.execute(lead, &skip).await.unwrap(), run.unwrap());
    assert_eq!(code(world.app.execute(lead, &skip).await), Code::NoStageRunOpen);
    assert_eq!(waiting::mismatches(&world.app, portfolio_id).await.unwrap(), Vec::<String>::new());
    let told = ["stage.opened.v1", "gate_run.requested.v1", "gate_run.decided.v1", "stage.skipped.v1"];
    assert_eq!(told_of_stage_runs(&world).await, told);
}

/// Until somebody waits for a lock in the database. On SQLite a writer waits for the one connection, which is not to be
/// seen from outside.
async fn a_lock_is_waited_for(world: &World) {
    const WAITING: &str = "SELECT 1 AS waiting FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let db = world.app.database().read();
    if world.app.database().backend() != DbBackend::Postgres {
        return;
    }
    let waits = || async {
        let statement = Statement::from_string(DbBackend::Postgres, WAITING);
        db.query_one_raw(statement).await.unwrap().is_some()
    };
    assert!(until(waits).await, "nobody waits");
}

/// A statement that locks a root and reads what stands beside it saw, if it waited, the stage run of before.
async fn what_stands_beside_a_root_is_read_again_after_a_wait(world: World) {
    let id = ready_to_advance(&world).await;
    let request = world.request("EVA").await;
    let mut first = world.app.begin(&request).await.unwrap();
    first.perform(&AdvanceVenture { venture_id: id, expected_version: None }).await.unwrap();
    let gate = "validation-passed".to_owned();
    let second = RequestGateValidation { root: id.into(), expected_version: None, gate };
    let advanced = async {
        a_lock_is_waited_for(&world).await;
        first.commit().await
    };
    let (requested, advanced) = tokio::join!(world.app.execute(&request, &second), advanced);
    advanced.unwrap();
    requested.expect("a gate of the stage that it waited for");
    let kinds: Vec<_> = world.history(id).await.into_iter().map(|(_, kind)| kind).collect();
    assert!(
        kinds.ends_with(&["stage.opened.v1".to_owned(), "gate_run.requested.v1".to_owned()]),
        "{kinds:?}"
    );
}

async fn a_row_that_does_not_wait_is_found_out(world: World) {
    let portfolio = world.portfolio().await;
    world.venture("Watched").await;
    let found = async || waiting::mismatches(&world.app, portfolio).await.unwrap();
    assert_eq!(found().await, Vec::<String>::new());
    let db = world.app.database().write();
    let mut row = waiting_row::Entity::find().one(db).await.unwrap().expect("something waits");
    let thing = row.thing_id;
    row.role = "SAILOR".to_owned();
    waiting_row::Entity::delete_by_id(row.id).exec(db).await.unwrap();
    waiting_row::ActiveModel::from(row).insert(db).await.unwrap();
    let found = found().await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&format!("{thing} waits for SAILOR, and should not")), "{found:?}");
}

async fn many_rows_of_counts_are_folded_a_part_at_a_time(world: World) {
    let portfolio = world.portfolio().await;
    let before = active(&world).await;
    let row = |ventures| stage_count::ActiveModel {
        id: Set(world.app.ids().next()),
        portfolio_id: Set(portfolio.uuid()),
        stage: Set(1),
        status: Set(Name(StatusKind::Active)),
        ventures: Set(ventures),
    };
    for _ in 0..5 {
        let rows = (0..250).flat_map(|_| [row(1), row(-1)]);
        stage_count::Entity::insert_many(rows).exec(world.app.database().write()).await.unwrap();
    }
    let agent = Request::by(Actor::Agent("fold_stage_counts".to_owned()));
    let (mut transactions, mut is_more) = (0, true);
    while is_more {
        let mut cx = world.app.begin(&agent).await.unwrap();
        is_more = counts::fold_all(&mut cx).await.unwrap();
        cx.commit().await.unwrap();
        transactions += 1;
    }
    assert_eq!(transactions, 3, "a thousand rows each");
    assert_eq!((active(&world).await, counts::rows(&world.app, portfolio).await.unwrap()), (before, 1));
}

/// How many ventures are counted at stage 1.
async fn active(world: &World) -> i64 {
    let id = world.portfolio().await.uuid();
    let counted = counts::of_portfolios(&world.app, &app::Scope::All, &[id]).await.unwrap();
    counted[&id].iter().map(|count| count.ventures).sum()
}

#[test]
fn the_built_in_playbook_says_who_runs_each_command_it_governs() {
    let governed = app::command::governed();
    let playbook = Playbook::load(&playbook_files(), &governed).unwrap();
    let said: BTreeSet<_> = playbook.rights.keys().map(String::as_str).collect();
    assert_eq!(said, governed.into_iter().collect());
}
