//! What people ask while they work: each question is to take as long with many ventures as with few.

use super::plant::{COMMON_CATEGORY, COMMON_WORD, RARE_CATEGORY, RARE_WORD};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Somebody who can act in every venture.
    Busy,
    /// Somebody who can act in none.
    Idle,
}

/// A question.
pub(super) struct Question {
    /// What it is called in the table.
    pub(super) name: &'static str,
    pub(super) caller: Caller,
    pub(super) query: String,
}

/// What a page shows of each venture.
const VENTURE: &str = "id name status category stageRun { id status dueAt }";
/// What waits, with the steps that can be taken.
const WAITING: &str = "__typename ... on WaitingStageRun { dueAt venture { id name } steps { action key } }";

/// The role of the demo's person who can act in every venture.
pub(super) const BUSY_ROLE: &str = "CHAIRMAN";
/// The role of the demo's person who can act in none.
pub(super) const IDLE_ROLE: &str = "VIEWER";
/// How much waits for who asks.
const WAITING_COUNT: &str = "{ viewer { waiting(first: 1) { totalCount } } }";

/// All of them.
pub(super) fn all() -> Vec<Question> {
    let ventures =
        |arguments: &str| format!("{{ ventures(first: 20{arguments}) {{ nodes {{ {VENTURE} }} }} }}");
    let filtered = |field: &str, value: &str| ventures(&format!(", filter: {{ {field}: \"{value}\" }}"));
    let waiting = || format!("{{ viewer {{ waiting(first: 20) {{ nodes {{ {WAITING} }} }} }} }}");
    let question = |name, caller, query| Question { name, caller, query };
    vec![
        question("page of ventures", Caller::Busy, ventures("")),
        question("page, filter that a fifth passes", Caller::Busy, filtered("category", COMMON_CATEGORY)),
        question("page, filter that 20 ventures pass", Caller::Busy, filtered("category", RARE_CATEGORY)),
        question("search, a word of all ventures", Caller::Busy, filtered("search", COMMON_WORD)),
        question("search, a word of 20 ventures", Caller::Busy, filtered("search", RARE_WORD)),
        question("count of ventures", Caller::Busy, "{ ventures(first: 1) { totalCount } }".to_owned()),
        question("what waits, person with much", Caller::Busy, waiting()),
        question("count of what waits, person with much", Caller::Busy, WAITING_COUNT.to_owned()),
        question("what waits, person with nothing", Caller::Idle, waiting()),
        question("count of what waits, person with nothing", Caller::Idle, WAITING_COUNT.to_owned()),
    ]
}
