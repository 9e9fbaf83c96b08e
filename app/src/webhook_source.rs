//! Webhook sources: integrations that send events, what they sent, and what became of it. Incoming.

pub mod acting;
pub(crate) mod create_webhook_source;
pub(crate) mod disable_webhook_source;
pub(crate) mod enable_webhook_source;
pub mod event_list;
pub(crate) mod event_store;
pub(crate) mod keep_webhook_event;
pub mod list;
pub(crate) mod reprocess_webhook_event;
pub(crate) mod rotate_webhook_source_secret;
pub(crate) mod settle_webhook_event;
pub(crate) mod store;
pub(crate) mod update_webhook_source;

use crate::command::commands;

commands! {
    create_webhook_source { CreateWebhookSource; WebhookSourceSecret }
    update_webhook_source { UpdateWebhookSource }
    enable_webhook_source { EnableWebhookSource }
    disable_webhook_source { DisableWebhookSource }
    rotate_webhook_source_secret { RotateWebhookSourceSecret }
    keep_webhook_event { KeepWebhookEvent; KeptWebhookEvent }
    settle_webhook_event { SettleWebhookEvent; WebhookOutcome, WebhookRecord }
    reprocess_webhook_event { ReprocessWebhookEvent }
}
