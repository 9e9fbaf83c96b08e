//! What the gateway relies on the GraphQL engine for, and what some of its versions get wrong.

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

struct Query;
struct Parent;

/// Lets others go first, many times.
async fn linger() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[Object]
impl Query {
    async fn slow(&self) -> i32 {
        linger().await;
        1
    }

    async fn brisk(&self) -> i32 {
        tokio::task::yield_now().await;
        2
    }

    async fn instant(&self) -> i32 {
        3
    }

    async fn parent(&self) -> Option<Parent> {
        Some(Parent)
    }

    async fn parents(&self) -> Vec<Option<Parent>> {
        vec![Some(Parent), Some(Parent)]
    }
}

#[Object]
impl Parent {
    async fn slow(&self) -> i32 {
        linger().await;
        4
    }

    async fn instant(&self) -> i32 {
        5
    }

    async fn failing(&self) -> async_graphql::Result<i32> {
        tokio::task::yield_now().await;
        Err("no".into())
    }
}

async fn answer(query: &str) -> (String, usize) {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let answer = schema.execute(query).await;
    (serde_json::to_string(&answer.data).unwrap(), answer.errors.len())
}

#[tokio::test]
async fn keys_stand_in_the_order_asked_for_whoever_is_done_first() {
    let (data, _) = answer("{ slow instant brisk parent { slow instant } again: instant }").await;
    assert_eq!(data, r#"{"slow":1,"instant":3,"brisk":2,"parent":{"slow":4,"instant":5},"again":3}"#);
}

#[tokio::test]
async fn a_failed_field_that_may_not_be_null_takes_its_parent_along() {
    let (data, errors) = answer("{ instant parent { instant failing } }").await;
    assert_eq!((data.as_str(), errors), (r#"{"instant":3,"parent":null}"#, 1));
    let (data, errors) = answer("{ parents { failing } }").await;
    assert_eq!((data.as_str(), errors), (r#"{"parents":[null,null]}"#, 2));
}
