//! The one path of every mutation: an input becomes a command, the command runs, its output becomes a payload.
//!
//! A mutation brings its [`Input`] and its [`Payload`]. The idempotency key and `userErrors` are added here, so no
//! mutation can forget them.

use std::borrow::Cow;

use app::{Command, Error};
use async_graphql::{
    Context, Error as GraphqlError, InputObject, InputObjectType, InputType, ObjectType, OutputType,
    SimpleObject, TypeName,
};
use domain::Refusal;

use crate::{
    cost::list_size,
    error::{UserError, problem},
    session::session,
};

/// What a mutation is given, without the idempotency key. The input `CreateVenture` is `CreateVentureInput` in the
/// schema.
pub(crate) trait Input: InputObjectType {
    /// The command that it asks for.
    type Command: Command;
    /// The payload that answers it.
    type Payload: Payload<Self::Command>;

    /// The command. Global ids are decoded here.
    fn command(self, ctx: &Context<'_>) -> impl Future<Output = Result<Self::Command, NotRun>> + Send;
}

/// What a mutation answers, without `userErrors`. All fields are null by default: that is what a refused mutation
/// answers. The payload `VentureAnswer` is `VenturePayload` in the schema.
pub(crate) trait Payload<C: Command>: ObjectType + Default {
    /// What is answered after the command ran. Records are read again, within the caller's sight.
    fn read(
        ctx: &Context<'_>,
        command: &C,
        output: C::Output,
    ) -> impl Future<Output = async_graphql::Result<Self>> + Send;
}

/// Why a command was not run, or changed nothing.
pub(crate) enum NotRun {
    /// A rule refused the input: an entry of `userErrors`.
    Refused(Refusal),
    /// Anything else: a top-level error.
    Failed(GraphqlError),
}

impl From<Refusal> for NotRun {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<GraphqlError> for NotRun {
    fn from(error: GraphqlError) -> Self {
        Self::Failed(error)
    }
}

impl From<Error> for NotRun {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal),
            error => Self::Failed(problem(&error)),
        }
    }
}

/// Input of the mutation with the same name.
#[derive(InputObject)]
#[graphql(name_type)]
pub(crate) struct Keyed<I: InputObjectType> {
    #[graphql(flatten)]
    input: I,
    /// Key for safe retries, chosen by the caller: 1 to 200 printable ASCII characters without spaces. A repeat with
    /// the same key and input changes nothing and returns the same record, but no secret. The same key with another
    /// input is refused with the code `IDEMPOTENCY_KEY_REUSED`. Keys are kept for 7 days.
    idempotency_key: Option<String>,
}

impl<I: InputObjectType> TypeName for Keyed<I> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Input", <I as InputType>::type_name()).into()
    }
}

/// The version that the caller has seen, in the inputs of mutations that change a root.
#[derive(InputObject)]
pub(crate) struct Seen {
    /// `version` of the record as the caller last saw it. If the record has changed since, the mutation is refused
    /// with the code `STALE_VERSION`. Default: no check.
    pub(crate) expected_version: Option<i64>,
}

/// Payload of a mutation.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(crate) struct Outcome<P: ObjectType> {
    #[graphql(flatten)]
    answer: P,
    /// Why the mutation was refused and changed nothing. Empty when the mutation was carried out.
    #[graphql(directive = list_size::apply(1))]
    user_errors: Vec<UserError>,
}

impl<P: ObjectType> TypeName for Outcome<P> {
    fn type_name() -> Cow<'static, str> {
        let answer = <P as OutputType>::type_name();
        format!("{}Payload", answer.strip_suffix("Answer").unwrap_or(&answer)).into()
    }
}

/// A field of the root of mutations. It is nullable, so that a mutation that fails does not hide what another one
/// of the same request has changed.
pub(crate) type Changed<I> = Option<async_graphql::Result<Outcome<<I as Input>::Payload>>>;

/// Carries out a mutation.
pub(crate) async fn change<I: Input>(ctx: &Context<'_>, input: Keyed<I>) -> Changed<I> {
    // Boxed for the reason given at `Session::load`.
    Some(match Box::pin(run(ctx, input)).await {
        Ok(answer) => Ok(Outcome { answer, user_errors: Vec::new() }),
        Err(NotRun::Refused(refusal)) => {
            Ok(Outcome { answer: I::Payload::default(), user_errors: vec![refusal.into()] })
        }
        Err(NotRun::Failed(error)) => Err(error),
    })
}

async fn run<I: Input>(ctx: &Context<'_>, keyed: Keyed<I>) -> Result<I::Payload, NotRun> {
    let session = session(ctx)?;
    let command = keyed.input.command(ctx).await?;
    let request = session.request()?.with_key(keyed.idempotency_key)?;
    let output = session.app().execute(&request, &command).await?;
    Ok(I::Payload::read(ctx, &command, output).await?)
}
