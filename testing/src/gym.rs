//! Where exercises are done: a world as they see it, with a receiver for their webhooks.

use app::{App, Error};
use async_trait::async_trait;
use delivery::{
    Worker,
    exercise::{Exercise, Happened, Progress, Work, World},
};
use entity::{audit, history};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::receiver::Receiver;

/// A system in which exercises are done.
pub struct Gym {
    app: App,
    receiver: Receiver,
}

impl Gym {
    /// On an application with a playbook, and a receiver of its own.
    pub async fn open(app: &App) -> Self {
        let receiver = Receiver::start().await;
        receiver.hesitate();
        Self { app: app.clone(), receiver }
    }

    /// Gives a handler work, with a database that answers.
    pub async fn give(&self, exercise: &Exercise) -> Given {
        let work = exercise.give(self).await;
        let work = work.unwrap_or_else(|error| panic!("the exercise of {}: {error:#}", exercise.handler));
        Given { handler: exercise.handler.clone(), work }
    }

    /// What is missing of several works; nothing when everything was done once. Fails as soon as something is wrong.
    pub async fn missing(&self, given: &[Given]) -> Result<Vec<String>, Error> {
        let mut missing = Vec::new();
        for Given { handler, work } in given {
            match work.progress(self).await? {
                Progress::Done => {}
                Progress::UnderWay(what) => missing.push(format!("{handler}: {what}")),
                Progress::Wrong(why) => panic!("{handler}: {why}"),
            }
        }
        Ok(missing)
    }
}

/// Work that a handler was given.
pub struct Given {
    /// The handler.
    pub handler: String,
    work: Box<dyn Work>,
}

impl Given {
    /// Work of a handler.
    pub fn new(exercise: &Exercise, work: Box<dyn Work>) -> Self {
        Self { handler: exercise.handler.clone(), work }
    }
}

/// The exercises of every handler of some workers.
pub fn exercises(workers: &[Worker]) -> Vec<Exercise> {
    workers.iter().flat_map(Worker::exercises).collect()
}

#[async_trait]
impl World for Gym {
    fn app(&self) -> &App {
        &self.app
    }

    fn receiver(&self) -> &str {
        &self.receiver.url
    }

    fn received(&self, webhook_id: &str) -> usize {
        self.receiver.taken(webhook_id)
    }

    async fn history(&self, root: Uuid) -> Result<Vec<Happened>, Error> {
        let rows = history::Entity::find()
            .filter(history::Column::RootId.eq(root))
            .order_by_asc(history::Column::Sequence)
            .all(self.app.database().read())
            .await?;
        let happened =
            rows.into_iter().map(|row| Happened { sequence: row.sequence, kind: row.kind, body: row.body });
        Ok(happened.collect())
    }

    /// The record or its root is the target, or, where the target is the platform, in what changed.
    async fn recorded(&self, command: &str, record: Uuid) -> Result<usize, Error> {
        let db = self.app.database().read();
        let told = history::Entity::find()
            .filter(history::Column::Command.eq(command))
            .filter(history::Column::RootId.eq(record))
            .count(db)
            .await?;
        let rows = audit::Entity::find().filter(audit::Column::Command.eq(command)).all(db).await?;
        let text = record.to_string();
        let about = |row: &&audit::Model| {
            row.record_id == Some(record)
                || row.root_id == Some(record)
                || row.after.as_ref().is_some_and(|after| *after == text.as_str())
        };
        Ok(rows.iter().filter(about).count() + usize::try_from(told).unwrap_or(usize::MAX))
    }
}
