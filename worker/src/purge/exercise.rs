//! A message that was handled so long ago that nothing can bring it again.

use app::{
    Actor, Error, Request,
    commands::INBOX_DAYS,
    messages::{due, inbox::Claim},
};
use async_trait::async_trait;
use delivery::{
    Sweep,
    exercise::{Exercised, Progress, Work, World},
};
use uuid::Uuid;

use super::PurgeSweep;
use crate::exercise::days_ago;

/// The consumer that handled the message.
const CONSUMER: &str = "exercise";

/// The message.
struct Handled(Uuid);

fn request() -> Request {
    Request::by(Actor::Agent(CONSUMER.to_owned()))
}

#[async_trait]
impl Exercised for PurgeSweep {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let (then, request) = (days_ago(world.app(), INBOX_DAYS + 1), request());
        let message = world.app().ids().next();
        let cx = then.begin(&request).await?;
        cx.claim(CONSUMER, message).await?;
        cx.commit().await?;
        // The sweep is due each hour by itself; here it is due at once.
        let mut cx = world.app().begin(&request).await?;
        cx.schedule(PurgeSweep.name(), Uuid::nil(), cx.now()).await?;
        cx.commit().await?;
        Ok(Box::new(Handled(message)))
    }
}

#[async_trait]
impl Work for Handled {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let request = request();
        // Never committed: it only tells whether the message is forgotten.
        let cx = world.app().begin(&request).await?;
        if cx.claim(CONSUMER, self.0).await? != Claim::Granted {
            return Ok(Progress::UnderWay("an old message is still known".to_owned()));
        }
        drop(cx);
        Ok(match due::next(world.app(), PurgeSweep.name()).await? {
            Some(_) => Progress::Done,
            None => Progress::Wrong("the sweep is due no more".to_owned()),
        })
    }
}
