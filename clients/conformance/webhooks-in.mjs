// Webhooks in: what npm `standardwebhooks` signs is taken, and what was changed since is not.
//
//   VENTURI_URL          where it listens, such as http://127.0.0.1:8080
//   VENTURI_ADMIN_TOKEN  a token of an ADMIN of the portfolio `demo`
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { Webhook } from "standardwebhooks";

const base = process.env.VENTURI_URL ?? "http://127.0.0.1:8080";

async function ask(query, variables) {
  const response = await fetch(new URL("/graphql", base), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${process.env.VENTURI_ADMIN_TOKEN}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

const { portfolio } = await ask('{ portfolio(slug: "demo") { id ventures(first: 1) { nodes { id } } } }');
const { createWebhookSource: made } = await ask(
  `mutation($input: CreateWebhookSourceInput!) {
    createWebhookSource(input: $input) { secret webhookSource { id path } userErrors { message } }
  }`,
  { input: { portfolioId: portfolio.id, name: `Conformance ${randomUUID().slice(0, 8)}` } },
);
assert.deepEqual(made.userErrors, []);
const source = made.webhookSource;

// A request as the library's users send it, with what is changed after it was signed.
function send(id, body, changed = {}) {
  const at = changed.at ?? new Date();
  const signature = new Webhook(changed.secret ?? made.secret).sign(id, at, body);
  return fetch(new URL(source.path, base), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": changed.id ?? id,
      "webhook-timestamp": String(Math.floor((changed.stamp ?? at).getTime() / 1000)),
      "webhook-signature": changed.signature?.(signature) ?? signature,
      ...changed.headers,
    },
    body: changed.body ?? body,
  });
}

const data = { ventureId: portfolio.ventures.nodes[0].id, metric: "conformance.checks", value: 1 };
const payload = () => JSON.stringify({ type: "metric.sample", timestamp: new Date().toISOString(), data });

async function event(id) {
  const query = `query($source: ID!, $id: String!) { node(id: $source) { ... on WebhookSource {
    events(filter: { webhookIds: [$id] }) { totalCount nodes { status code message } } } } }`;
  return (await ask(query, { source: source.id, id })).node.events;
}

test("what is signed is kept once, and handled", async () => {
  const body = payload();
  const first = await send("msg_1", body);
  assert.equal(first.status, 202, await first.clone().text());
  const { id, duplicate } = await first.json();
  assert.equal(duplicate, false);
  const again = await send("msg_1", body);
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), { id, duplicate: true });
  const deadline = Date.now() + 30_000;
  let kept = await event("msg_1");
  while (kept.nodes[0].status === "RECEIVED" && Date.now() < deadline) kept = await event("msg_1");
  assert.deepEqual(kept, { totalCount: 1, nodes: [{ status: "HANDLED", code: null, message: null }] });
});

test("CloudEvents are taken in both modes", async () => {
  const attributes = { specversion: "1.0", id: "1", source: "/conformance", type: "metric.sample" };
  const structured = JSON.stringify({ ...attributes, data: { ...data, time: new Date().toISOString() } });
  const headers = { "content-type": "application/cloudevents+json" };
  assert.equal((await send("ce_1", structured, { headers })).status, 202);
  const binary = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
  assert.equal((await send("ce_2", JSON.stringify(data), { headers: binary })).status, 202);
});

const old = new Date(Date.now() - 301_000);
const tampered = {
  "another secret": { secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` },
  "another body": { body: payload().replace('"value":1', '"value":2') },
  "another id": { id: "msg_3" },
  "another time": { stamp: new Date(Date.now() - 10_000) },
  "an old time": { at: old },
  "no signature": { signature: () => "" },
  "another version": { signature: (signature) => signature.replace("v1,", "v2,") },
};
for (const [what, changed] of Object.entries(tampered)) {
  test(`${what} is refused`, async () => {
    const answer = await send("msg_2", payload(), changed);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal((await answer.json()).code, "WEBHOOK_NOT_VERIFIED");
    assert.equal((await event(changed.id ?? "msg_2")).totalCount, 0);
  });
}
