//! `add_member`: a person gets a place in a portfolio.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    member::{self, MAX_MEMBERS, PersonKind},
    refusal::Code,
    text,
};
use entity::{member as row, person as person_row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    issuer::checked_subject,
    person::{self, store::NewPerson},
};

/// Makes somebody a member. Who is not known by the handle yet becomes known by it; of who is, nothing
/// changes, because they are members elsewhere too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddMember {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// Short name, unique over all portfolios.
    pub handle: String,
    /// 1 to 120 characters; of a new person.
    pub name: String,
    /// Who stands behind it; of a new person.
    pub kind: PersonKind,
    /// E-mail address; of a known person it must be theirs.
    pub email: Option<String>,
    /// Who they are to the OIDC issuer, 1 to 255 characters; of a known person it must be theirs.
    pub subject: Option<String>,
    /// The roles they get, of the playbook's and the platform's.
    pub roles: Vec<String>,
}

/// A person became a member of the portfolio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MemberAdded {
    /// The member.
    pub member_id: Id<kind::Member>,
    /// The person.
    pub person_id: Id<kind::Person>,
    /// The person's handle.
    pub handle: String,
    /// The roles they have.
    pub roles: Vec<Role>,
}

impl Event for MemberAdded {
    const KIND: &'static str = "member.added.v1";
}

#[async_trait]
impl Command for AddMember {
    const NAME: &'static str = "add_member";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<MemberAdded>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<kind::Member>;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio()?.clone();
        let playbook = cx.playbook(portfolio.playbook_id).await?;
        let roles = member::granted(&self.roles, |role| playbook.roles.contains_key(role))?;
        let person = self.person(cx).await?;
        if store::of(cx.tx(), portfolio.id.uuid(), person).await?.is_some() {
            let message = format!("{} is a member already", self.handle);
            return Err(Refusal::new(Code::AlreadyMember, message).at("handle").into());
        }
        require_room(cx, portfolio.id.uuid()).await?;
        join(cx, person, &self.handle, roles)
    }
}

impl AddMember {
    /// The id of the person meant, who is made if nobody has the handle.
    async fn person(&self, cx: &Context<'_>) -> Result<Uuid, Error> {
        let handle = member::handle(&self.handle)?;
        let name = text::line("name", &self.name, 1, 120)?;
        let email = self.email.as_deref().map(member::email).transpose()?;
        let subject =
            self.subject.as_deref().map(|subject| checked_subject(cx.app(), subject)).transpose()?;
        if let Some(known) = person::store::by_handle(cx.tx(), &handle).await? {
            same(&known, email.as_deref(), subject.as_ref())?;
            return Ok(known.id);
        }
        if let Some(subject) = &subject {
            person::store::require_free(cx.tx(), subject).await?;
        }
        let id = cx.id::<kind::Person>().uuid();
        let person = NewPerson { handle, name, kind: self.kind, email, subject };
        person::store::insert(cx.tx(), id, person, cx.now()).await?;
        Ok(id)
    }
}

/// Refuses somebody else of the same handle. Nothing that is given may differ from what is on record; and
/// of who has an address or a subject, one must be given: a handle that was guessed adds nobody.
fn same(
    known: &person_row::Model,
    email: Option<&str>,
    subject: Option<&(String, String)>,
) -> Result<(), Refusal> {
    let on_record = known.issuer.as_deref().zip(known.subject.as_deref());
    let same_email = email.map(|email| known.email.as_deref().is_some_and(|k| member::same_email(k, email)));
    let same_subject = subject.map(|(issuer, subject)| on_record == Some((issuer, subject)));
    let anonymous = known.email.is_none() && on_record.is_none();
    let agrees = same_email != Some(false) && same_subject != Some(false);
    if agrees && (anonymous || same_email.is_some() || same_subject.is_some()) {
        return Ok(());
    }
    let message = "the handle belongs to a person with another e-mail address or OIDC subject than given";
    Err(Refusal::new(Code::HandleTaken, message).at("handle"))
}

/// Refuses a member more than there may be.
pub(crate) async fn require_room(cx: &Context<'_>, portfolio: Uuid) -> Result<(), Error> {
    if store::count(cx.tx(), portfolio).await? < MAX_MEMBERS {
        return Ok(());
    }
    let message = format!("a portfolio has at most {MAX_MEMBERS} members");
    Err(Refusal::new(Code::TooManyMembers, message).into())
}

/// Writes and records the place.
pub(crate) fn join(
    cx: &mut Context<'_>,
    person: Uuid,
    handle: &str,
    roles: Vec<Role>,
) -> Result<Id<kind::Member>, Error> {
    let id = cx.id();
    let member = row::Model {
        id: id.uuid(),
        portfolio_id: cx.portfolio_id()?.uuid(),
        person_id: person,
        roles: serde_json::to_value(&roles)?,
        joined_at: cx.now(),
    };
    cx.write(store::insert(&member));
    cx.changed(None, Some(store::state(&member)));
    cx.emit(MemberAdded { member_id: id, person_id: Id::new(person), handle: handle.to_owned(), roles });
    Ok(id)
}
