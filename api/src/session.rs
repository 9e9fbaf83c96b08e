//! A request's session: who asks, and the batching reader over what they may see.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use app::{
    Actor, App, Request, Scope,
    actor::Credential,
    token::{self, Refused},
};
use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    error::{coded, problem, unauthenticated},
    loader::Reader,
    throttle::Account,
};

/// What is loaded by a key.
type Loaded<K> = <Reader as Loader<K>>::Value;

/// Who asks, in one request or on one connection.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    app: App,
    actor: Option<Actor>,
    secret: Option<String>,
    request_id: Option<String>,
    account: Account,
    reader: DataLoader<Reader>,
    ended: AtomicBool,
}

impl Session {
    /// The session of who holds `secret`; none when the token is no good.
    pub async fn authenticated(
        app: &App,
        secret: &str,
        request_id: Option<String>,
    ) -> Result<Option<Self>, app::Error> {
        Self::signed_in(app, secret, request_id).await.map(Result::ok)
    }

    /// The same, told why the token is no good.
    pub(crate) async fn signed_in(
        app: &App,
        secret: &str,
        request_id: Option<String>,
    ) -> Result<Result<Self, Refused>, app::Error> {
        let actor = match token::authenticate(app, secret).await? {
            Ok(actor) => actor,
            Err(refused) => return Ok(Err(refused)),
        };
        token::usage::note(app, &actor);
        let account = match actor.person().map(|person| &person.credential) {
            // An issuer's tokens are short-lived: the budget is their subject's.
            Some(Credential::Claims { issuer, subject, .. }) => token::hash(&format!("{issuer} {subject}")),
            _ => token::hash(secret),
        };
        let account = (Account::Token(account), request_id);
        Ok(Ok(Self::new(app, Some(actor), Some(secret.to_owned()), account)))
    }

    /// The session of nobody, who calls from an address.
    pub fn anonymous(app: &App, address: IpAddr, request_id: Option<String>) -> Self {
        Self::new(app, None, None, (Account::Address(address), request_id))
    }

    fn new(
        app: &App,
        actor: Option<Actor>,
        secret: Option<String>,
        (account, request_id): (Account, Option<String>),
    ) -> Self {
        let reader = Reader::new(app.clone(), actor.clone());
        let reader = DataLoader::new(reader, TokioSpawner::current(), TokioTimer::default());
        Self(Arc::new(Inner {
            app: app.clone(),
            actor,
            secret,
            request_id,
            account,
            reader,
            ended: AtomicBool::new(false),
        }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    /// Nobody waits for its answer any more: no resolver begins, and nothing is watched.
    pub(crate) fn end(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }

    /// Refuses once nobody waits.
    pub(crate) fn still_waited_for(&self) -> async_graphql::Result<()> {
        match self.0.ended.load(Ordering::Relaxed) {
            true => Err(coded("the request took too long", "TIMEOUT")),
            false => Ok(()),
        }
    }

    pub(crate) fn actor(&self) -> async_graphql::Result<&Actor> {
        self.0.actor.as_ref().ok_or_else(unauthenticated)
    }

    /// Whose budget its requests are charged to.
    pub(crate) fn account(&self) -> &Account {
        &self.0.account
    }

    /// Who asks, as the token says now; none when it is no good any more.
    pub(crate) async fn authenticate_again(&self) -> Result<Option<Actor>, app::Error> {
        match &self.0.secret {
            Some(secret) => {
                let actor = token::authenticate(&self.0.app, secret).await?.ok();
                actor.iter().for_each(|actor| token::usage::note(&self.0.app, actor));
                Ok(actor)
            }
            None => Ok(None),
        }
    }

    /// Whether what the caller signed in with has ended by itself since.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.actor.as_ref().is_some_and(|actor| actor.has_ended(self.0.app.clock().now()))
    }

    pub(crate) fn scope(&self) -> async_graphql::Result<Scope> {
        Ok(self.actor()?.scope())
    }

    /// What there is under a key within the caller's sight, read together with other keys of its kind.
    ///
    /// Boxed, because the engine makes a resolver's future anew for each field of a record, as big as the
    /// biggest field's: what one of them needs would be moved about for all of them.
    pub(crate) fn load<K>(&self, key: K) -> BoxFuture<'_, async_graphql::Result<Option<Loaded<K>>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Reader: Loader<K, Error = Arc<app::Error>>,
    {
        self.0.reader.load_one(key).map(|found| found.map_err(|error| problem(&error))).boxed()
    }

    /// The same of several keys; those that there is nothing under are missing.
    pub(crate) fn load_many<'a, K>(
        &'a self,
        keys: impl IntoIterator<Item = K> + Send + 'a,
    ) -> BoxFuture<'a, async_graphql::Result<HashMap<K, Loaded<K>>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Reader: Loader<K, Error = Arc<app::Error>>,
    {
        self.0.reader.load_many(keys).map(|found| found.map_err(|error| problem(&error))).boxed()
    }

    /// The request of a command.
    pub(crate) fn request(&self) -> async_graphql::Result<Request> {
        let mut request = Request::by(self.actor()?.clone());
        request.request_id.clone_from(&self.0.request_id);
        Ok(request)
    }
}

/// The session of a resolver's request. Refuses when nobody is signed in: every resolver that reads or
/// changes anything begins here.
pub(crate) fn session<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Session> {
    let session = ctx.data::<Session>()?;
    session.actor()?;
    session.still_waited_for()?;
    Ok(session)
}
