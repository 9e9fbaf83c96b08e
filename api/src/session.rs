//! A request's session: the caller, and the batching reader over what the caller may see.

use std::{
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
use futures_util::{FutureExt, TryFutureExt, future::BoxFuture};
use uuid::Uuid;

use crate::{
    error::{coded, not_found, problem, unauthenticated},
    loader::{Key, Loads, Reader},
    record::Record,
    throttle::Account,
};

/// What is loaded under a key of a loader.
type Loaded<K> = <Reader as Loader<K>>::Value;

/// The caller of one request or one connection.
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
    /// The session of the holder of the token `secret`; none when the token is not valid.
    pub async fn authenticated(
        app: &App,
        secret: &str,
        request_id: Option<String>,
    ) -> Result<Option<Self>, app::Error> {
        Self::signed_in(app, secret, request_id).await.map(Result::ok)
    }

    /// The same, with the reason why the token is not valid.
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
            // Tokens of an issuer are short-lived, so their subject has the budget.
            Some(Credential::Claims { issuer, subject, .. }) => token::hash(&format!("{issuer} {subject}")),
            _ => token::hash(secret),
        };
        let account = (Account::Token(account), request_id);
        Ok(Ok(Self::new(app, Some(actor), Some(secret.to_owned()), account)))
    }

    /// The session of a caller without a token, from an address.
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

    /// Ends the session, because nobody waits for its answer: no further resolver begins, and subscriptions end.
    pub(crate) fn end(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }

    /// Fails with TIMEOUT after [`Session::end`].
    pub(crate) fn still_waited_for(&self) -> async_graphql::Result<()> {
        match self.0.ended.load(Ordering::Relaxed) {
            true => Err(coded("the request took too long", "TIMEOUT")),
            false => Ok(()),
        }
    }

    pub(crate) fn actor(&self) -> async_graphql::Result<&Actor> {
        self.0.actor.as_ref().ok_or_else(unauthenticated)
    }

    /// The account that its requests are charged to.
    pub(crate) fn account(&self) -> &Account {
        &self.0.account
    }

    /// The caller, as the token says now; none when the token is no longer valid.
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

    /// Whether the caller's credential has expired since.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.actor.as_ref().is_some_and(|actor| actor.has_ended(self.0.app.clock().now()))
    }

    pub(crate) fn scope(&self) -> async_graphql::Result<Scope> {
        Ok(self.actor()?.scope())
    }

    /// What is loaded under an id within the caller's sight, in one statement with other ids of the same kind.
    ///
    /// Boxed, because the engine makes a resolver's future anew for each field of a record, as big as the
    /// biggest field's: what one field needs would be moved about for all of them.
    pub(crate) fn load<T: Loads>(&self, id: Uuid) -> BoxFuture<'_, async_graphql::Result<Option<T::Value>>> {
        self.load_key(Key::<T>::new(id))
    }

    /// The record with an id; none when it does not exist for the caller.
    pub(crate) fn find<R: Record>(&self, id: Uuid) -> BoxFuture<'_, async_graphql::Result<Option<R>>> {
        self.load::<R>(id).map_ok(|row| row.map(R::of)).boxed()
    }

    /// The record with an id. Fails with NOT_FOUND when it does not exist for the caller.
    pub(crate) fn get<R: Record>(&self, id: Uuid) -> BoxFuture<'_, async_graphql::Result<R>> {
        let found = self.load::<R>(id);
        found.map(|row| row?.map(R::of).ok_or_else(|| not_found("the record"))).boxed()
    }

    /// The records with these ids, in the order of the ids. Those that do not exist for the caller are left out.
    pub(crate) fn find_many<R: Record>(&self, ids: &[Uuid]) -> BoxFuture<'_, async_graphql::Result<Vec<R>>> {
        let keys: Vec<_> = ids.iter().copied().map(Key::<R>::new).collect();
        let found = self.0.reader.load_many(keys.clone()).map_err(|error| problem(&error));
        found
            .map_ok(move |mut rows| keys.iter().filter_map(|key| rows.remove(key)).map(R::of).collect())
            .boxed()
    }

    /// The same as [`Session::load`], for other keys than ids.
    pub(crate) fn load_key<K>(&self, key: K) -> BoxFuture<'_, async_graphql::Result<Option<Loaded<K>>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Reader: Loader<K, Error = Arc<app::Error>>,
    {
        self.0.reader.load_one(key).map_err(|error| problem(&error)).boxed()
    }

    /// The request of a command.
    pub(crate) fn request(&self) -> async_graphql::Result<Request> {
        let mut request = Request::by(self.actor()?.clone());
        request.request_id.clone_from(&self.0.request_id);
        Ok(request)
    }
}

/// The session of a resolver's request. Fails when the caller is not signed in: every resolver that reads or
/// changes anything begins here.
pub(crate) fn session<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Session> {
    let session = ctx.data::<Session>()?;
    session.actor()?;
    session.still_waited_for()?;
    Ok(session)
}
