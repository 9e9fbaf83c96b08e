//! `dispatch_webhooks`: events become messages, and messages deliveries.

use async_trait::async_trait;
use domain::id::{Id, kind};
use serde::{Deserialize, Serialize};

use super::{
    delivery_store,
    message::{self, DeliverWebhook},
    send_test_webhook::pending,
    store,
};
use crate::{
    Command, Context, Error, Right, Target,
    messages::{Message, queues},
};

/// Has events of a portfolio told to each of its endpoints that wants them. An event that was dispatched
/// before is not dispatched again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DispatchWebhooks {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The events, of one command.
    pub event_ids: Vec<Id<kind::Event>>,
}

impl Message for DispatchWebhooks {
    const NAME: &'static str = <Self as Command>::NAME;
    const QUEUE: &'static str = queues::NOTIFIER;
}

#[async_trait]
impl Command for DispatchWebhooks {
    const NAME: &'static str = "dispatch_webhooks";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::within(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let endpoints = store::listening(cx.tx(), self.portfolio_id).await?;
        let ids: Vec<_> = self.event_ids.iter().map(|id| id.uuid()).collect();
        let (mut messages, mut deliveries) = (Vec::new(), Vec::new());
        let events = delivery_store::untold(cx.tx(), self.portfolio_id, &ids).await?;
        let names = message::names(cx.tx(), &events).await?;
        for event in events {
            let wanting = endpoints.iter().filter(|endpoint| endpoint.settings.wants(&event.kind));
            let before = deliveries.len();
            deliveries.extend(wanting.map(|endpoint| (pending(cx, endpoint), event.id)));
            if deliveries.len() > before {
                messages.push(message::of_event(&event, &names, cx.now())?);
            }
        }
        delivery_store::insert(cx.tx(), &messages, &deliveries, cx.now()).await?;
        for (delivery, _) in &deliveries {
            cx.send(&DeliverWebhook { delivery_id: delivery.id, attempt: delivery.next_attempt() })?;
        }
        Ok(())
    }
}
