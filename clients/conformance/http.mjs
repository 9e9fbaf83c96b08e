// GraphQL over HTTP: the audits of npm `graphql-http` against a started server, each of which has to pass
// without a notice or a warning.
//
//   VENTURI_URL          where it listens, such as http://127.0.0.1:8080
//   VENTURI_ADMIN_TOKEN  a token of a holder of ADMIN or OPERATOR, for some audits introspect; in the profile
//                        `development` VENTURI_TOKEN, of anybody, will do
//
// In that profile a GET shows that it was preflighted. Which profile the server has is found out by asking.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { serverAudits } from "graphql-http";

const endpoint = new URL("/graphql", process.env.VENTURI_URL ?? "http://127.0.0.1:8080").href;
const token = process.env.VENTURI_ADMIN_TOKEN ?? process.env.VENTURI_TOKEN;
const authorization = token ? { authorization: `Bearer ${token}` } : {};

const plain = await fetch(`${endpoint}?query=%7B__typename%7D`, { headers: authorization });
const said = await plain.text();
const production = plain.status === 403 && said.includes("PREFLIGHT_REQUIRED");
assert.ok(production || plain.status === 200, `a GET was answered with ${plain.status}: ${said}`);
const preflight = production ? { "graphql-require-preflight": "1" } : {};

const audits = serverAudits({
  url: endpoint,
  fetchFn: (url, init = {}) => {
    const headers = { ...init.headers, ...authorization, ...(init.method === "POST" ? {} : preflight) };
    return fetch(url, { ...init, headers });
  },
});

let passed = 0;
for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const { status, reason } = await audit.fn();
    assert.equal(status, "ok", `${status}: ${reason}`);
    passed += 1;
  });
}

after(() => {
  const profile = production ? "production" : "development";
  console.log(`graphql-http audits, profile ${profile}: ${passed} of ${audits.length}`);
});
