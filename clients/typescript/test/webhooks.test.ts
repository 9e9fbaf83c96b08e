// Webhooks both ways against a started server that may call 127.0.0.1: VENTURI_URL, VENTURI_TOKEN of a CHAIRMAN and
// VENTURI_ADMIN_TOKEN of an ADMIN.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Venturi } from '../src/client.js';
import { create } from '../src/gate.js';
import { became, createSource, listen, push, verified } from '../src/webhooks.js';

const { VENTURI_URL, VENTURI_TOKEN, VENTURI_ADMIN_TOKEN } = process.env;
assert.ok(VENTURI_URL && VENTURI_TOKEN && VENTURI_ADMIN_TOKEN, 'set VENTURI_URL, VENTURI_TOKEN, VENTURI_ADMIN_TOKEN');
const chairman = new Venturi(VENTURI_URL, VENTURI_TOKEN);
const admin = new Venturi(VENTURI_URL, VENTURI_ADMIN_TOKEN);
after(() => Promise.all([chairman.close(), admin.close()]));

const DESCRIPTION = 'Made by the example client, to be told of and measured.';

test('an event is pushed, kept and handled', async () => {
  const { id: ventureId } = await create(chairman, 'Measured by webhook', DESCRIPTION);
  const source = await createSource(admin, VENTURI_URL, 'demo', 'Example client');
  const sample = { ventureId, metric: 'example.leads', value: 7 };
  const kept = await push(source, 'metric.sample', sample, 'msg_example');
  assert.equal(kept.duplicate, false);
  let event = await became(admin, kept.id);
  for (let tries = 0; event?.status === 'RECEIVED' && tries < 600; tries += 1) {
    await wait(50);
    event = await became(admin, kept.id);
  }
  assert.equal(event?.status, 'HANDLED', event?.message ?? '');
  await assert.rejects(push({ ...source, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, 'metric.sample', sample), /401/);
});

interface Received {
  headers: Record<string, string>;
  body: string;
}

/** A receiver on this machine: its address, and the first request that comes. */
async function receiver(): Promise<{ url: string; first: Promise<Received> }> {
  let arrived: (received: Received) => void = () => {};
  const first = new Promise<Received>((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      arrived({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') });
    });
  });
  after(() => server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, first };
}

test('what an endpoint is told verifies, and what was changed does not', async () => {
  const { url, first } = await receiver();
  const secret = await listen(admin, 'demo', url, ['venture.created.v1']);
  const { id } = await create(chairman, 'Told of by webhook', DESCRIPTION);
  const { headers, body } = await first;
  const told = verified(secret, headers, body);
  assert.equal(told.type, 'venture.created.v1');
  assert.equal(told.data.ventureId, id);
  assert.throws(() => verified(secret, headers, body.replace('created', 'deleted')));
});
