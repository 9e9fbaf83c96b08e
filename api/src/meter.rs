//! The meter in front of every request, over whatever transport: it works out the cost, refuses what is too
//! dear or more than the caller has left, and tells the cost with the answer.
//!
//! What a request is charged is settled once and kept in one [`Receipt`], from which `extensions.cost`, the
//! headers and the query `rateLimit` are all read.

mod receipt;

use std::{
    any::TypeId,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::App;
use async_graphql::{
    ErrorExtensions, Request, Response, ServerError, Value, Variables, parser::types::ExecutableDocument,
    registry::Registry,
};
use chrono::{DateTime, Duration, Utc};

use crate::{
    Session,
    cost::{Price, price},
    error::{coded, placeless},
    throttle::{Account, Standing, Throttle, TooMuch},
};
use receipt::milliseconds;
pub(crate) use receipt::{Charge, Receipt, seconds};

/// What a request is charged that is not run.
const UNRUN: u64 = 1;
/// The code of what is refused for asking too much.
const THROTTLED: &str = "THROTTLED";

/// Whether an answer says that its caller asked too much, so that its status says it too.
pub(crate) fn throttled(answer: &Response) -> bool {
    let code = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    answer.errors.iter().any(|error| code(error) == Some(Value::from(THROTTLED)))
}

/// The refusal of what is more than the caller has left, with the time to wait.
pub(crate) fn too_much(retry_after: Duration) -> ServerError {
    let wait = milliseconds(retry_after);
    let error = coded(format!("too much was asked for lately: try again in {wait} ms"), THROTTLED);
    placeless(error.extend_with(|_, extensions| extensions.set("retryAfterMs", wait)))
}

/// Whether only the cost of a request is asked for.
pub(crate) fn dry_run(request: &Request) -> bool {
    request.extensions.get("dryRun") == Some(&Value::Boolean(true))
}

/// What is charged, and to whose account.
pub(crate) struct Meter {
    pub(crate) app: App,
    pub(crate) throttle: Throttle,
}

impl Meter {
    /// One request's.
    pub(crate) fn visit(&self) -> Visit {
        Visit {
            app: self.app.clone(),
            throttle: self.throttle.clone(),
            asked: Mutex::new(Asked {
                account: None,
                operation: None,
                dry: false,
                price: None,
                run: Run::Unrun,
                receipt: Receipt::default(),
            }),
        }
    }
}

/// One request before the meter.
pub(crate) struct Visit {
    app: App,
    throttle: Throttle,
    asked: Mutex<Asked>,
}

struct Asked {
    /// None: whoever has no session reaches no resolver, and has no budget.
    account: Option<Account>,
    operation: Option<String>,
    dry: bool,
    price: Option<Price>,
    run: Run,
    receipt: Receipt,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// It is refused, or not decided yet.
    Unrun,
    /// It could be run, and only its cost is asked for.
    Dry,
    /// It is run.
    Under,
}

impl Visit {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in who asks for what; refuses who has nothing left.
    pub(crate) fn admit(&self, request: &mut Request) -> Result<(), ServerError> {
        let mut asked = self.asked();
        asked.account = of::<Session>(request).map(|session| session.account().clone());
        match of::<Receipt>(request) {
            Some(receipt) => asked.receipt = receipt.clone(),
            None => request.data.insert(asked.receipt.clone()),
        }
        asked.operation.clone_from(&request.operation_name);
        asked.dry = dry_run(request);
        let Some(account) = &asked.account else { return Ok(()) };
        let now = self.app.clock().now();
        let admitted = self.throttle.may_ask(account, now);
        admitted.map_err(|refused| self.refuse(&asked, refused, now))
    }

    /// Works out what it costs.
    pub(crate) fn price(&self, registry: &Registry, document: &ExecutableDocument, variables: &Variables) {
        let mut asked = self.asked();
        asked.price = price(registry, document, asked.operation.as_deref(), variables);
    }

    /// Charges what is about to run.
    pub(crate) fn start(&self) -> Result<(), ServerError> {
        let mut asked = self.asked();
        // An operation that is not there is told of by the engine.
        let Some(price) = asked.price else { return Ok(()) };
        let limit = self.throttle.max_cost();
        if price.requested > limit.into() {
            let words = format!("the request costs {}: {limit} at most", price.requested);
            let error = coded(words, "QUERY_TOO_COMPLEX");
            return Err(placeless(error.extend_with(|_, extensions| extensions.set("limit", limit))));
        }
        if asked.dry {
            asked.run = Run::Dry;
            return Err(ServerError::new("a dry run", None));
        }
        if let Some(account) = &asked.account {
            let now = self.app.clock().now();
            let taken = self.throttle.take(account, price.start, now);
            let standing = taken.map_err(|refused| self.refuse(&asked, refused, now))?;
            asked.receipt.settle(self.charge(&asked, price.start, standing, now));
        }
        asked.run = Run::Under;
        Ok(())
    }

    /// Refuses, and charges nothing.
    fn refuse(&self, asked: &Asked, refused: TooMuch, now: DateTime<Utc>) -> ServerError {
        let charge = self.charge(asked, 0, refused.standing, now);
        asked.receipt.settle(Charge { retry_after: Some(refused.retry_after), ..charge });
        too_much(refused.retry_after)
    }

    fn charge(&self, asked: &Asked, charged: u64, standing: Standing, at: DateTime<Utc>) -> Charge {
        Charge {
            requested: asked.price.map(|price| price.requested),
            charged,
            limit: self.throttle.max_cost(),
            standing,
            restore_per_s: self.throttle.restore_per_s(),
            at,
            retry_after: None,
        }
    }

    /// Tells the cost with the one answer there is; with a dry run, nothing else.
    pub(crate) fn answer(&self, mut answer: Response) -> Response {
        let asked = self.asked();
        if asked.receipt.charge().is_none()
            && let Some(account) = &asked.account
        {
            let now = self.app.clock().now();
            let standing = self.throttle.charge(account, UNRUN, now);
            asked.receipt.settle(self.charge(&asked, UNRUN, standing, now));
        }
        if asked.run == Run::Dry {
            answer = Response::new(Value::Null);
        }
        asked.receipt.attach(&mut answer);
        answer
    }

    /// Charges an event of a subscription, which has happened and is not refused.
    pub(crate) fn event(&self, mut answer: Response) -> Response {
        let asked = self.asked();
        let event = asked.price.and_then(|price| price.event);
        let happened = asked.run == Run::Under && answer.is_ok();
        let (Some(event), Some(account), true) = (event, &asked.account, happened) else {
            drop(asked);
            return self.answer(answer);
        };
        let now = self.app.clock().now();
        let standing = self.throttle.charge(account, event, now);
        let charge = self.charge(&asked, event, standing, now);
        Charge { requested: Some(event), ..charge }.attach(&mut answer);
        answer
    }
}

/// What was put among a request's data.
fn of<T: 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}
