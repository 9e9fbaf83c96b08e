//! Two samples of a metric that a webhook source sends.

use app::{
    Actor, Error, Request,
    commands::{CreateWebhookSource, KeepWebhookEvent},
    query::metric_samples::{MetricSamples, Parent},
    webhook_source::acting::RECEIVER,
};
use async_trait::async_trait;
use delivery::exercise::{Exercised, Progress, Work, World};
use domain::{
    id::{Id, kind},
    venture::Venture,
};
use serde_json::json;

use super::HandleEvent;
use crate::exercise::{Tenant, count};

/// What was sent.
struct Sent {
    venture: Id<Venture>,
    events: Vec<Id<kind::WebhookEvent>>,
}

#[async_trait]
impl Exercised for HandleEvent {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let app = world.app();
        let tenant = Tenant::found(app).await?;
        let venture = tenant.venture(app).await?;
        let command = CreateWebhookSource {
            portfolio_id: tenant.portfolio_id,
            name: "Exercise".to_owned(),
            description: None,
            roles: vec!["INTEGRATION".to_owned()],
        };
        let source = app.execute(&tenant.admin, &command).await?.webhook_source_id;
        let mut events = Vec::new();
        for number in 0..2 {
            let data = json!({ "ventureId": venture, "metric": "exercises", "value": number });
            let command = KeepWebhookEvent {
                webhook_source_id: source,
                webhook_id: format!("msg_{number}"),
                event_type: "metric.sample".to_owned(),
                occurred_at: None,
                content_type: "application/json".to_owned(),
                headers: Default::default(),
                body: json!({ "type": "metric.sample", "timestamp": app.clock().now(), "data": data })
                    .to_string(),
            };
            let receiver = Request::by(Actor::Agent(RECEIVER.to_owned()));
            events.push(app.execute(&receiver, &command).await?.webhook_event_id);
        }
        Ok(Box::new(Sent { venture, events }))
    }
}

#[async_trait]
impl Work for Sent {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let samples = count::<MetricSamples>(world, Parent::Venture, self.venture.uuid()).await?;
        let mut progress = Progress::count("samples recorded", samples, self.events.len());
        for event in &self.events {
            let settled = world.recorded("settle_webhook_event", event.uuid()).await?;
            progress = progress.and(Progress::count("times an event was settled", settled, 1));
        }
        Ok(progress)
    }
}
