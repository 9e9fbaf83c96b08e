//! The root of mutations: it merges those of the features.

use async_graphql::MergedObject;

use crate::{
    dead_letter::DeadLetterMutation, evidence::EvidenceMutation, gate_run::GateRunMutation, job::JobMutation,
    member::MemberMutation, portfolio::PortfolioMutation, token::TokenMutation, venture::VentureMutation,
    webhook_endpoint::WebhookEndpointMutation, webhook_source::WebhookSourceMutation,
};

/// Mutations. Each mutation is one transaction. If a rule refuses the input, nothing is changed and
/// `userErrors` says why.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PortfolioMutation,
    VentureMutation,
    EvidenceMutation,
    GateRunMutation,
    JobMutation,
    DeadLetterMutation,
    MemberMutation,
    TokenMutation,
    WebhookEndpointMutation,
    WebhookSourceMutation,
);
