// Webhooks out: what a started server sends, verified by npm `standardwebhooks` as a receiver would. Which types
// come, and when they come again, is tested elsewhere.
//
//   VENTURI_URL, VENTURI_TOKEN  as for every script
//   VENTURI_ADMIN_TOKEN         of an ADMIN of the portfolio demo
//
// The server has to be allowed to call 127.0.0.1 over HTTP: VENTURI_OUTBOUND_ALLOW and VENTURI_OUTBOUND_HTTP.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { graphqlUrl, venture } from './shared/gateway.mjs';

/** A receiver that takes everything, and hands it over one by one. */
const waiting = [];
const arrived = [];
const receiver = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    const message = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
    const taker = waiting.shift();
    if (taker) taker(message);
    else arrived.push(message);
  });
});
await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening));
after(() => receiver.close());
const next = () => (arrived.length > 0 ? arrived.shift() : new Promise((taker) => waiting.push(taker)));

async function change(name, input, fields) {
  const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { message } } }`;
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.VENTURI_ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.deepEqual(answer.data[name].userErrors, []);
  return answer.data[name];
}

async function portfolio() {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.VENTURI_ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ portfolio(slug: "demo") { id } }' }),
  });
  return (await response.json()).data.portfolio.id;
}

const url = `http://127.0.0.1:${receiver.address().port}/hook`;
const input = { portfolioId: await portfolio(), url, eventTypes: ['venture.created.v1'] };
const { secret, webhookEndpoint } = await change('createWebhookEndpoint', input, 'secret webhookEndpoint { id }');
const webhookEndpointId = webhookEndpoint.id;
after(() => change('deleteWebhookEndpoint', { webhookEndpointId }, 'deletedWebhookEndpointId'));

test('an event comes signed, and says what the API says', async () => {
  const id = await venture('Told to a receiver');
  const { headers, body } = await next();
  const message = new Webhook(secret).verify(body, headers);
  assert.equal(message.type, 'venture.created.v1');
  assert.equal(message.data.ventureId, id);
  assert.equal(message.data.body.profile.name, 'Told to a receiver');
});

test('what was changed on the way is not ours', async () => {
  await change('sendTestWebhook', { webhookEndpointId }, 'webhookDelivery { id }');
  const { headers, body } = await next();
  const webhook = new Webhook(secret);
  assert.equal(webhook.verify(body, headers).type, 'webhook.test.v1');
  assert.throws(() => webhook.verify(body.replace('test', 'tast'), headers));
  assert.throws(() => webhook.verify(body, { ...headers, 'webhook-id': `${headers['webhook-id']}0` }));
  const later = String(Number(headers['webhook-timestamp']) + 1);
  assert.throws(() => webhook.verify(body, { ...headers, 'webhook-timestamp': later }));
  const another = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  assert.throws(() => new Webhook(another).verify(body, headers));
});

test('after a rotation the old secret is good for a while, and the new one at once', async () => {
  const rotated = await change('rotateWebhookEndpointSecret', { webhookEndpointId, overlapHours: 1 }, 'secret');
  await change('sendTestWebhook', { webhookEndpointId }, 'webhookDelivery { id }');
  const { headers, body } = await next();
  for (const good of [secret, rotated.secret]) new Webhook(good).verify(body, headers);
  const last = await change('rotateWebhookEndpointSecret', { webhookEndpointId, overlapHours: 0 }, 'secret');
  await change('sendTestWebhook', { webhookEndpointId }, 'webhookDelivery { id }');
  const after = await next();
  new Webhook(last.secret).verify(after.body, after.headers);
  for (const bad of [secret, rotated.secret]) {
    assert.throws(() => new Webhook(bad).verify(after.body, after.headers));
  }
});
