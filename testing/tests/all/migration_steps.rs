//! Migrations over data: a step is undone and done again, and what was there is there still.

use app::commands::Attest;
use domain::evidence::{Content, Submission, Target};
use entity::evidence;
use migration::{Migrator, MigratorTrait};
use sea_orm::EntityTrait;
use testing::world::World;

on_both! {
    evidence_outlives_the_step_that_lets_it_stand_alone
}

async fn evidence_outlives_the_step_that_lets_it_stand_alone(world: World) {
    let content = Content::Link("https://example.com/brief".to_owned());
    let attest = Attest {
        venture_id: world.venture("Migrated").await,
        expected_version: None,
        target: Target::DoneWhen("title-captured".to_owned()),
        value: None,
        note: None,
        evidence: vec![Submission { title: "Brief".to_owned(), content }],
        cited: Vec::new(),
    };
    world.app.execute(&world.request("EVA").await, &attest).await.unwrap();
    let db = world.app.database().write();
    let before = evidence::Entity::find().all(db).await.unwrap();
    assert_eq!(before.len(), 1);
    let steps = Migrator::migrations();
    let step = steps.iter().position(|step| step.name() == "m0005_webhook_sources").expect("the step");
    Migrator::down(db, u32::try_from(steps.len() - step).ok()).await.unwrap();
    assert_eq!(evidence::Entity::find().all(db).await.unwrap(), before);
    Migrator::up(db, None).await.unwrap();
    assert_eq!(evidence::Entity::find().all(db).await.unwrap(), before);
    world.app.execute(&world.request("EVA").await, &attest).await.unwrap();
}
