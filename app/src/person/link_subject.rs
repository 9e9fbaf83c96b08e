//! `link_subject`: whoever runs the system says who a known person is to the OIDC issuer.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
};
use entity::person;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;
use crate::{Command, Context, Error, Right, Target, issuer::checked_subject};

/// Lets a person sign in through the issuer, as another subject than before, or no longer. No portfolio's ADMIN
/// can: a person is a member of others too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkSubject {
    /// The person's handle.
    pub handle: String,
    /// Who they are to the issuer, 1 to 255 characters; none: nobody any more.
    pub subject: Option<String>,
}

#[async_trait]
impl Command for LinkSubject {
    const NAME: &'static str = "link_subject";
    const RIGHT: Right = Right::Agent;
    type Output = Id<kind::Person>;

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let found = store::by_handle(cx.tx(), &self.handle).await?;
        let row = found.ok_or_else(|| Refusal::invalid("handle", "nobody has this handle"))?;
        let linked = self.subject.as_deref().map(|subject| checked_subject(cx.app(), subject)).transpose()?;
        if let Some(subject) = linked.as_ref().filter(|(_, subject)| row.subject.as_ref() != Some(subject)) {
            store::require_free(cx.tx(), subject).await?;
        }
        let (issuer, subject) = linked.unzip();
        let state = |issuer: &Option<String>, subject: &Option<String>| json!({ "person_id": row.id, "issuer": issuer, "subject": subject });
        cx.changed(Some(state(&row.issuer, &row.subject)), Some(state(&issuer, &subject)));
        let change = person::ActiveModel {
            id: Set(row.id),
            issuer: Set(issuer),
            subject: Set(subject),
            ..Default::default()
        };
        person::Entity::update(change).exec_without_returning(cx.tx()).await?;
        Ok(Id::new(row.id))
    }
}
