//! The commands, one file each. Their names are the rows of the playbook's `rights`.

pub mod add_member;
pub mod adopt_playbook;
pub mod advance_venture;
pub mod attest;
pub mod by_operator;
pub mod cancel_job;
pub mod create_portfolio;
pub mod create_token;
pub mod create_venture;
pub mod create_webhook_endpoint;
pub mod create_webhook_source;
pub mod decide_gate;
pub mod delete_webhook_endpoint;
pub mod disable_webhook_endpoint;
pub mod disable_webhook_source;
pub mod dispatch_webhooks;
pub mod enable_webhook_endpoint;
pub mod enable_webhook_source;
pub mod flag_late_stage_run;
pub mod issue_token;
pub mod keep_webhook_event;
pub mod kill_venture;
pub mod link_subject;
pub mod pause_venture;
pub mod purge;
pub mod record_metric_sample;
pub mod record_webhook_attempt;
pub mod redeliver_webhook;
pub mod redeliver_webhook_event;
pub mod remove_member;
pub mod replay_dead_letter;
pub mod request_gate_validation;
pub mod resume_venture;
pub mod retry_webhook;
pub mod revoke_token;
pub mod rotate_webhook_secret;
pub mod rotate_webhook_source_secret;
pub mod send_test_webhook;
pub mod set_roles;
pub mod settle_webhook_event;
pub mod store_file;
pub mod submit_evidence;
pub mod update_venture;
pub mod update_webhook_endpoint;
pub mod update_webhook_source;
pub mod withdraw_evidence;

pub use add_member::AddMember;
pub use adopt_playbook::AdoptPlaybook;
pub use advance_venture::AdvanceVenture;
pub use attest::Attest;
pub use by_operator::ByOperator;
pub use cancel_job::CancelJob;
pub use create_portfolio::{CreatePortfolio, FoundPortfolio};
pub use create_token::{CreateToken, CreatedToken};
pub use create_venture::CreateVenture;
pub use create_webhook_endpoint::{CreateWebhookEndpoint, EndpointSecret};
pub use create_webhook_source::{CreateWebhookSource, WebhookSourceSecret};
pub use decide_gate::DecideGate;
pub use delete_webhook_endpoint::DeleteWebhookEndpoint;
pub use disable_webhook_endpoint::DisableWebhookEndpoint;
pub use disable_webhook_source::DisableWebhookSource;
pub use dispatch_webhooks::DispatchWebhooks;
pub use enable_webhook_endpoint::EnableWebhookEndpoint;
pub use enable_webhook_source::EnableWebhookSource;
pub use flag_late_stage_run::FlagLateStageRun;
pub use issue_token::IssueToken;
pub use keep_webhook_event::{KeepWebhookEvent, KeptWebhookEvent};
pub use kill_venture::KillVenture;
pub use link_subject::LinkSubject;
pub use pause_venture::PauseVenture;
pub use purge::Purge;
pub use record_metric_sample::RecordMetricSample;
pub use record_webhook_attempt::RecordWebhookAttempt;
pub use redeliver_webhook::RedeliverWebhook;
pub use redeliver_webhook_event::RedeliverWebhookEvent;
pub use remove_member::RemoveMember;
pub use replay_dead_letter::ReplayDeadLetter;
pub use request_gate_validation::RequestGateValidation;
pub use resume_venture::ResumeVenture;
pub use retry_webhook::RetryWebhook;
pub use revoke_token::RevokeToken;
pub use rotate_webhook_secret::RotateWebhookSecret;
pub use rotate_webhook_source_secret::RotateWebhookSourceSecret;
pub use send_test_webhook::SendTestWebhook;
pub use set_roles::SetRoles;
pub use settle_webhook_event::{SettleWebhookEvent, WebhookOutcome, WebhookRecord};
pub use store_file::StoreFile;
pub use submit_evidence::SubmitEvidence;
pub use update_venture::UpdateVenture;
pub use update_webhook_endpoint::UpdateWebhookEndpoint;
pub use update_webhook_source::UpdateWebhookSource;
pub use withdraw_evidence::WithdrawEvidence;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Command, Right};

    #[test]
    fn the_playbook_governs_the_commands_that_ask_it() {
        fn row<C: Command>() -> (&'static str, Right) {
            (C::NAME, C::RIGHT)
        }
        let all = [
            row::<AddMember>(),
            row::<AdoptPlaybook>(),
            row::<AdvanceVenture>(),
            row::<Attest>(),
            row::<CancelJob>(),
            row::<CreatePortfolio>(),
            row::<CreateToken>(),
            row::<CreateVenture>(),
            row::<CreateWebhookEndpoint>(),
            row::<CreateWebhookSource>(),
            row::<DecideGate>(),
            row::<DeleteWebhookEndpoint>(),
            row::<DisableWebhookEndpoint>(),
            row::<DisableWebhookSource>(),
            row::<DispatchWebhooks>(),
            row::<EnableWebhookEndpoint>(),
            row::<EnableWebhookSource>(),
            row::<FlagLateStageRun>(),
            row::<FoundPortfolio>(),
            row::<IssueToken>(),
            row::<KeepWebhookEvent>(),
            row::<KillVenture>(),
            row::<LinkSubject>(),
            row::<PauseVenture>(),
            row::<Purge>(),
            row::<RecordMetricSample>(),
            row::<RecordWebhookAttempt>(),
            row::<RedeliverWebhook>(),
            row::<RedeliverWebhookEvent>(),
            row::<RemoveMember>(),
            row::<ReplayDeadLetter>(),
            row::<RequestGateValidation>(),
            row::<ResumeVenture>(),
            row::<RetryWebhook>(),
            row::<RevokeToken>(),
            row::<RotateWebhookSecret>(),
            row::<RotateWebhookSourceSecret>(),
            row::<SendTestWebhook>(),
            row::<SetRoles>(),
            row::<SettleWebhookEvent>(),
            row::<StoreFile>(),
            row::<SubmitEvidence>(),
            row::<UpdateVenture>(),
            row::<UpdateWebhookEndpoint>(),
            row::<UpdateWebhookSource>(),
            row::<WithdrawEvidence>(),
        ];
        let asks = |right: &Right| matches!(right, Right::Playbook | Right::PlaybookOrAsker);
        let asking = all.iter().filter(|(_, right)| asks(right)).map(|(name, _)| *name);
        assert_eq!(asking.collect::<BTreeSet<_>>(), domain::playbook::GOVERNED.into_iter().collect());
    }
}
