//! graphql-transport-ws as a state machine: from what came, in which state, to what is to be done. No
//! socket, no clock and no schema is known here.

use std::collections::HashMap;

use async_graphql::Request;

use super::{
    super::live::Outcome,
    message::{Closing, Incoming, Outgoing, Payload},
};
use crate::error::request_error;

/// Which operation of a connection is meant: an id may be used again, a key is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

/// One connection, from its opening on.
#[derive(Debug)]
pub(super) struct Protocol {
    stage: Stage,
    /// Operations under way, by the ids that the client gave them.
    running: HashMap<String, Key>,
    /// The most that may be under way at once.
    most: usize,
    next: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It did not say who it is.
    Opened,
    /// It said so, and is being looked up.
    Introduced,
    /// It may run operations.
    Acknowledged,
}

/// What is to be done about a message.
#[derive(Debug)]
pub(super) enum Step {
    Nothing,
    /// Say this.
    Say(Outgoing),
    /// Find out who it is, then call [`Protocol::acknowledge`].
    LookUp(Payload),
    /// Run an operation, and hand what it gives to [`Protocol::gave`] and [`Protocol::over`].
    Start {
        key: Key,
        id: String,
        request: Box<Request>,
    },
    /// End an operation. What it gives from now on is not heard.
    Stop(Key),
}

impl Protocol {
    /// A connection just opened, which may have `most` operations under way.
    pub(super) fn new(most: usize) -> Self {
        Self { stage: Stage::Opened, running: HashMap::new(), most, next: 0 }
    }

    /// Whether the client has yet to say who it is.
    pub(super) fn waits_for_init(&self) -> bool {
        self.stage == Stage::Opened
    }

    /// What a message asks to be done.
    ///
    /// # Errors
    /// The message breaks the protocol: the connection is to be closed.
    pub(super) fn came(&mut self, message: Incoming) -> Result<Step, Closing> {
        match message {
            Incoming::ConnectionInit(_) if self.stage != Stage::Opened => {
                Err(Closing::too_many_initialisations())
            }
            Incoming::ConnectionInit(payload) => {
                self.stage = Stage::Introduced;
                Ok(Step::LookUp(payload))
            }
            Incoming::Ping(payload) => Ok(Step::Say(Outgoing::Pong { payload })),
            Incoming::Pong => Ok(Step::Nothing),
            Incoming::Subscribe { id, request } => self.start(id, request),
            // An id that is not known may have ended while the message was under way.
            Incoming::Complete { id } => Ok(self.running.remove(&id).map_or(Step::Nothing, Step::Stop)),
        }
    }

    fn start(&mut self, id: String, request: Box<Request>) -> Result<Step, Closing> {
        if self.stage != Stage::Acknowledged {
            return Err(Closing::unauthorized());
        }
        if self.running.contains_key(&id) {
            return Err(Closing::subscriber_exists(&id));
        }
        if self.running.len() >= self.most {
            let message = format!("a connection has at most {} operations under way at once", self.most);
            let payload = vec![request_error(message, "TOO_MANY_OPERATIONS", None)];
            return Ok(Step::Say(Outgoing::Error { id, payload }));
        }
        let key = Key(self.next);
        self.next += 1;
        self.running.insert(id.clone(), key);
        Ok(Step::Start { key, id, request })
    }

    /// Who it is was found out, and is welcome.
    pub(super) fn acknowledge(&mut self) -> Outgoing {
        self.stage = Stage::Acknowledged;
        Outgoing::ConnectionAck
    }

    /// What to say of something that an operation gave; nothing once the client left it.
    pub(super) fn gave(&mut self, key: Key, id: String, outcome: Outcome) -> Option<Outgoing> {
        if self.running.get(&id) != Some(&key) {
            return None;
        }
        Some(match outcome {
            Outcome::Next(payload) => Outgoing::Next { id, payload },
            Outcome::Refused(answer) => {
                self.running.remove(&id);
                Outgoing::Error { id, payload: answer.errors }
            }
        })
    }

    /// What to say of the end of an operation; nothing when an error or the client ended it.
    pub(super) fn over(&mut self, key: Key, id: String) -> Option<Outgoing> {
        if self.running.get(&id) != Some(&key) {
            return None;
        }
        self.running.remove(&id);
        Some(Outgoing::Complete { id })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response as Answer, ServerError};

    use super::*;

    fn subscribe(id: &str) -> Incoming {
        Incoming::Subscribe { id: id.to_owned(), request: Box::new(Request::new("{ a }")) }
    }

    fn complete(id: &str) -> Incoming {
        Incoming::Complete { id: id.to_owned() }
    }

    fn acknowledged(most: usize) -> Protocol {
        let mut protocol = Protocol::new(most);
        assert!(matches!(protocol.came(Incoming::ConnectionInit(None)), Ok(Step::LookUp(None))));
        assert_eq!(protocol.acknowledge().text(), r#"{"type":"connection_ack"}"#);
        protocol
    }

    fn start(protocol: &mut Protocol, id: &str) -> Key {
        match protocol.came(subscribe(id)) {
            Ok(Step::Start { key, id: named, .. }) if named == id => key,
            other => panic!("{id}: {other:?}"),
        }
    }

    fn next() -> Outcome {
        Answer::new(true).into()
    }

    fn refused() -> Outcome {
        Answer::from_errors(vec![ServerError::new("no", None)]).into()
    }

    fn said(outgoing: Option<Outgoing>) -> String {
        outgoing.map(|message| message.text()).unwrap_or_default()
    }

    #[test]
    fn nothing_runs_before_the_acknowledgement() {
        let mut protocol = Protocol::new(1);
        assert!(protocol.waits_for_init());
        assert_eq!(protocol.came(subscribe("a")).unwrap_err(), Closing::unauthorized());
        assert!(matches!(protocol.came(Incoming::ConnectionInit(None)), Ok(Step::LookUp(None))));
        assert!(!protocol.waits_for_init());
        assert_eq!(protocol.came(subscribe("a")).unwrap_err(), Closing::unauthorized(), "while looked up");
        protocol.acknowledge();
        start(&mut protocol, "a");
    }

    #[test]
    fn a_client_says_once_who_it_is() {
        let mut protocol = Protocol::new(1);
        assert!(protocol.came(Incoming::ConnectionInit(None)).is_ok());
        let again = protocol.came(Incoming::ConnectionInit(None));
        assert_eq!(again.unwrap_err(), Closing::too_many_initialisations(), "while looked up");
        let again = acknowledged(1).came(Incoming::ConnectionInit(None));
        assert_eq!(again.unwrap_err(), Closing::too_many_initialisations());
    }

    #[test]
    fn a_ping_is_answered_in_every_stage_and_a_pong_asks_for_nothing() {
        for mut protocol in [Protocol::new(1), acknowledged(1)] {
            let payload = serde_json::json!({ "at": 7 }).as_object().cloned();
            let Ok(Step::Say(pong)) = protocol.came(Incoming::Ping(payload)) else { panic!("no pong") };
            assert_eq!(pong.text(), r#"{"type":"pong","payload":{"at":7}}"#);
            assert!(matches!(protocol.came(Incoming::Pong), Ok(Step::Nothing)));
        }
    }

    #[test]
    fn an_id_belongs_to_one_operation_until_that_has_ended() {
        let mut protocol = acknowledged(2);
        let key = start(&mut protocol, "a");
        assert_eq!(protocol.came(subscribe("a")).unwrap_err(), Closing::subscriber_exists("a"));
        assert_eq!(said(protocol.over(key, "a".into())), r#"{"type":"complete","id":"a"}"#);
        let key = start(&mut protocol, "a");
        assert!(said(protocol.gave(key, "a".into(), refused())).starts_with(r#"{"type":"error""#));
        let key = start(&mut protocol, "a");
        assert!(matches!(protocol.came(complete("a")), Ok(Step::Stop(stopped)) if stopped == key));
        start(&mut protocol, "a");
    }

    #[test]
    fn after_an_error_nothing_more_is_said() {
        let mut protocol = acknowledged(1);
        let key = start(&mut protocol, "a");
        assert!(said(protocol.gave(key, "a".into(), refused())).starts_with(r#"{"type":"error""#));
        assert_eq!(said(protocol.gave(key, "a".into(), next())), "");
        assert_eq!(said(protocol.over(key, "a".into())), "");
    }

    #[test]
    fn what_a_client_left_is_not_heard_even_under_an_id_used_again() {
        let mut protocol = acknowledged(2);
        let left = start(&mut protocol, "a");
        assert!(said(protocol.gave(left, "a".into(), next())).starts_with(r#"{"type":"next","id":"a""#));
        assert!(matches!(protocol.came(complete("a")), Ok(Step::Stop(_))));
        assert!(matches!(protocol.came(complete("a")), Ok(Step::Nothing)), "not known any more");
        let anew = start(&mut protocol, "a");
        assert_eq!(said(protocol.gave(left, "a".into(), next())), "");
        assert_eq!(said(protocol.gave(left, "a".into(), refused())), "");
        assert_eq!(said(protocol.over(left, "a".into())), "");
        assert!(said(protocol.gave(anew, "a".into(), next())).starts_with(r#"{"type":"next""#));
        assert_eq!(said(protocol.over(anew, "a".into())), r#"{"type":"complete","id":"a"}"#);
    }

    #[test]
    fn one_operation_too_many_is_an_error_of_its_own_and_ends_nothing() {
        let mut protocol = acknowledged(2);
        let key = start(&mut protocol, "a");
        start(&mut protocol, "b");
        let Ok(Step::Say(error)) = protocol.came(subscribe("c")) else { panic!("started") };
        assert!(error.text().contains("TOO_MANY_OPERATIONS"), "{}", error.text());
        protocol.over(key, "a".into());
        start(&mut protocol, "c");
    }
}
