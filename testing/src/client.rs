//! A GraphQL client as a frontend would be: JSON over HTTP, subscriptions over SSE.

use serde_json::{Value, json};

/// A caller with a token.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    /// A caller of the server at `address`.
    pub fn new(address: &str, token: &str) -> Self {
        Self { base: format!("http://{address}"), token: token.to_owned(), http: reqwest::Client::new() }
    }

    /// Sends a request; the whole answer, or why there is none.
    pub async fn send(&self, query: &str, variables: Value) -> Result<Value, reqwest::Error> {
        let body = json!({ "query": query, "variables": variables });
        let request = self.http.post(format!("{}/graphql", self.base)).bearer_auth(&self.token).json(&body);
        request.send().await?.json().await
    }

    /// Sends a request that must succeed; its data.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).await.expect("an answer");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// Sends a mutation with an `input` that must not be refused; its payload.
    pub async fn mutate(&self, name: &str, input_type: &str, fields: &str, input: Value) -> Value {
        let query = format!(
            "mutation($input: {input_type}!) {{ {name}(input: $input) {{ {fields} userErrors {{ field message code }} }} }}"
        );
        let payload = self.data(&query, json!({ "input": input })).await[name].clone();
        assert_eq!(payload["userErrors"], json!([]), "{name} {input}");
        payload
    }

    /// Subscribes over SSE and gives what `take` makes of the answers, once it makes something.
    pub async fn watch<T>(&self, query: &str, take: impl Fn(&Value) -> Option<T>) -> T {
        let request = self.http.post(format!("{}/graphql/stream", self.base)).bearer_auth(&self.token);
        let mut response = request.json(&json!({ "query": query })).send().await.expect("a stream");
        assert!(response.status().is_success(), "{}", response.status());
        let mut text = String::new();
        let read = async {
            while let Some(chunk) = response.chunk().await.expect("a chunk") {
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some((event, rest)) = text.split_once("\n\n") {
                    let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                    let answer = data.and_then(|data| serde_json::from_str(data).ok());
                    let taken = answer.as_ref().and_then(&take);
                    text = rest.to_owned();
                    if let Some(taken) = taken {
                        return taken;
                    }
                }
            }
            panic!("the stream ended: {text}");
        };
        tokio::time::timeout(crate::world::PATIENCE, read).await.expect("an answer in time")
    }
}
