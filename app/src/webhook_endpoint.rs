//! Webhook endpoints: addresses that are told of events, the messages made of events, and their deliveries. Outgoing.

pub(crate) mod create_webhook_endpoint;
pub(crate) mod delete_webhook_endpoint;
pub mod delivery_list;
pub(crate) mod delivery_store;
pub(crate) mod disable_webhook_endpoint;
pub(crate) mod dispatch_webhooks;
pub(crate) mod enable_webhook_endpoint;
pub mod list;
pub mod message;
pub(crate) mod record_webhook_attempt;
pub(crate) mod redeliver_webhook;
pub(crate) mod retry_webhook;
pub(crate) mod rotate_webhook_secret;
pub(crate) mod send_test_webhook;
pub(crate) mod store;
pub(crate) mod update_webhook_endpoint;

use crate::command::commands;

commands! {
    create_webhook_endpoint { CreateWebhookEndpoint; EndpointSecret }
    update_webhook_endpoint { UpdateWebhookEndpoint }
    enable_webhook_endpoint { EnableWebhookEndpoint }
    disable_webhook_endpoint { DisableWebhookEndpoint, StopWebhookEndpoint }
    delete_webhook_endpoint { DeleteWebhookEndpoint }
    rotate_webhook_secret { RotateWebhookSecret }
    send_test_webhook { SendTestWebhook }
    dispatch_webhooks { DispatchWebhooks }
    record_webhook_attempt { RecordWebhookAttempt }
    retry_webhook { RetryWebhook }
    redeliver_webhook { RedeliverWebhook }
}
