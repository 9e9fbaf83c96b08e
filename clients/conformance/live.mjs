// graphql-transport-ws and graphql-sse, by their reference clients and, where no client would break the
// protocol, by hand. See README.md.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { EVENTS, ask, authorization, rename, socketUrl, streamUrl, venture } from './shared/gateway.mjs';
import { Socket } from './shared/socket.mjs';

const VIEWER = '{ viewer { handle } }';
const STAGE = 'query($number: Int!) { stage(number: $number) { number } }';
const { handle } = (await ask(VIEWER)).viewer;

// What a test opened, to be ended after it, failed or not.
const opened = [];
afterEach(async () => {
  for (const end of opened.splice(0)) await end();
});

function socketClient(options = {}) {
  const client = createWsClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: authorization },
    retryAttempts: 0,
    ...options,
  });
  opened.push(() => client.dispose());
  return client;
}

function streamClient(options = {}) {
  const client = createSseClient({ url: streamUrl, headers: { authorization }, retryAttempts: 0, ...options });
  opened.push(() => client.dispose());
  return client;
}

async function connect(open = Socket.acknowledged) {
  const socket = await open();
  opened.push(() => socket.end());
  return socket;
}

/** All that an operation gives, until its end, without what it cost. */
async function results(client, payload) {
  const given = [];
  for await (const { extensions, ...result } of client.iterate(payload)) {
    assert.ok(extensions.cost.charged >= 1, JSON.stringify(extensions));
    given.push(result);
  }
  return given;
}

/** Resolves with `count` sequence numbers of a venture's events; `seen` is called after each. */
function sequences(client, payload, count, seen = () => {}) {
  return new Promise((resolve, reject) => {
    const numbers = [];
    const leave = client.subscribe(payload, {
      next({ data, errors }) {
        if (errors) return reject(new Error(JSON.stringify(errors)));
        numbers.push(data.ventureEvents.sequence);
        // Read again whenever the client connects: the subscription goes on where it was.
        payload.variables.after = numbers.at(-1);
        seen(numbers);
        if (numbers.length === count) {
          leave();
          resolve(numbers);
        }
      },
      error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
      complete() {},
    });
  });
}

/** One after the other. */
async function renameAll(id, names) {
  for (const name of names) await rename(id, name);
}

const upTo = (last) => Array.from({ length: last }, (_, index) => index + 1);

describe('the reference client over WebSocket', () => {
  test('queries and mutations give one answer each', async () => {
    const client = socketClient();
    assert.deepEqual(await results(client, { query: VIEWER }), [{ data: { viewer: { handle } } }]);
    const staged = await results(client, { query: STAGE, variables: { number: 7 } });
    assert.deepEqual(staged, [{ data: { stage: { number: 7 } } }]);
    const query = `mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }`;
    const input = { name: 'By the client', description: 'Made over a WebSocket by the reference client.' };
    const [{ data }] = await results(client, { query, variables: { input } });
    assert.equal(data.createVenture.venture.name, 'By the client');
  });

  test('a request error reaches the sink as an array of errors', async () => {
    const client = socketClient();
    for (const query of ['{', '{ noSuchField }', 'query($id: ID!) { node(id: $id) { id } }']) {
      await assert.rejects(results(client, { query }), (errors) => {
        assert.ok(Array.isArray(errors) && typeof errors[0].message === 'string', query);
        return true;
      });
    }
  });

  test('a subscription gives events until its client leaves it', async () => {
    const client = socketClient();
    const id = await venture('Watched by a client');
    const watching = sequences(client, { query: EVENTS, variables: { id } }, 4, (seen) => {
      if (seen.length === 2) renameAll(id, ['Renamed', 'Renamed again']);
    });
    assert.deepEqual(await watching, upTo(4));
  });

  test('after a broken connection it goes on where it was', async () => {
    const client = socketClient({ retryAttempts: 5, retryWait: async () => {} });
    const id = await venture('Watched over two connections');
    const watching = sequences(client, { query: EVENTS, variables: { id } }, 6, (seen) => {
      if (seen.length === 2) {
        client.terminate();
        renameAll(id, ['One', 'Two', 'Three', 'Four']);
      }
    });
    assert.deepEqual(await watching, upTo(6));
  });

  test('its pings are answered', async () => {
    const client = socketClient({ lazy: false, keepAlive: 20 });
    let pongs = 0;
    await new Promise((resolve) => client.on('pong', (received) => received && ++pongs === 3 && resolve()));
  });

  test('a token that is no good is refused for good', async () => {
    const client = socketClient({ connectionParams: { Authorization: 'Bearer venturi_unknown' } });
    await assert.rejects(results(client, { query: VIEWER }), ({ code, reason }) => {
      assert.deepEqual([code, reason], [4403, 'Forbidden']);
      return true;
    });
  });
});

describe('the protocol over WebSocket, by hand', () => {
  const closes = (event, code, reason) => {
    assert.equal(event.code, code, JSON.stringify(event));
    assert.match(event.reason, reason);
  };

  test('4400: a message that the protocol does not know, with its reason', async () => {
    const messages = [
      'no JSON',
      [],
      {},
      { type: 'start', id: '1' },
      { type: 'connection_ack' },
      { type: 'ping', payload: 1 },
      { type: 'complete' },
      { type: 'subscribe', id: '', payload: { query: VIEWER } },
      { type: 'subscribe', id: '1' },
      { type: 'subscribe', id: '1', payload: { query: VIEWER, variables: [] } },
      { type: 'subscribe', id: '1', payload: { query: VIEWER, operationName: 1 } },
      { type: 'subscribe', id: '1', payload: { query: VIEWER, extensions: '' } },
    ];
    for (const message of messages) {
      const socket = await connect();
      socket.say(message);
      closes(await socket.hear(), 4400, /^Invalid message received: ./);
    }
  });

  test('4401: an operation before the acknowledgement', async () => {
    const socket = await connect(() => Socket.open());
    socket.subscribe('1', VIEWER);
    closes(await socket.hear(), 4401, /^Unauthorized$/);
  });

  test('4403: nobody', async () => {
    const socket = await connect(() => Socket.open());
    socket.say({ type: 'connection_init' });
    closes(await socket.hear(), 4403, /^Forbidden$/);
  });

  test('4406: another subprotocol', async () => {
    const socket = await connect(() => Socket.open([]));
    closes(await socket.hear(), 4406, /^Subprotocol not acceptable$/);
  });

  test('4408: no init in time', async () => {
    const socket = await connect(() => Socket.open());
    closes(await socket.hear(), 4408, /^Connection initialisation timeout$/);
  });

  test('4409: an id under way', async () => {
    const socket = await connect();
    const id = await venture('Watched twice');
    socket.subscribe('1', EVENTS, { id });
    assert.equal((await socket.hear()).message.type, 'next');
    assert.equal((await socket.hear()).message.type, 'next');
    socket.subscribe('1', VIEWER);
    closes(await socket.hear(), 4409, /^Subscriber for 1 already exists$/);
  });

  test('4429: a second init', async () => {
    const socket = await connect();
    socket.say({ type: 'connection_init' });
    closes(await socket.hear(), 4429, /^Too many initialisation requests$/);
  });

  test('a pong brings back what the ping brought', async () => {
    for (const socket of [await connect(() => Socket.open()), await connect()]) {
      for (const payload of [{ at: 7, nested: { list: [null, true] } }, {}]) {
        socket.say({ type: 'ping', payload });
        assert.deepEqual(await socket.hear(), { message: { type: 'pong', payload } });
      }
      for (const ping of [{ type: 'ping' }, { type: 'ping', payload: null }]) {
        socket.say(ping);
        assert.deepEqual(await socket.hear(), { message: { type: 'pong' } });
      }
    }
  });

  test('an answer is followed by one complete, an error by none, and the id is free again', async () => {
    const socket = await connect();
    for (let turn = 0; turn < 2; turn += 1) {
      socket.subscribe('1', VIEWER);
      const next = (await socket.hear()).message;
      assert.deepEqual([next.id, next.type, next.payload.data], ['1', 'next', { viewer: { handle } }]);
      assert.deepEqual(await socket.hear(), { message: { id: '1', type: 'complete' } });
      socket.subscribe('1', '{ noSuchField }');
      const { message } = await socket.hear();
      assert.equal(message.type, 'error');
      assert.ok(Array.isArray(message.payload));
    }
  });

  test('what a client completed says nothing more', async () => {
    const socket = await connect();
    const id = await venture('Left');
    socket.subscribe('1', EVENTS, { id });
    assert.equal((await socket.hear()).message.type, 'next');
    assert.equal((await socket.hear()).message.type, 'next');
    socket.say({ type: 'complete', id: '1' });
    socket.say({ type: 'complete', id: 'never heard of' });
    await rename(id, 'Unheard');
    socket.subscribe('2', VIEWER);
    assert.equal((await socket.hear()).message.id, '2');
    assert.deepEqual(await socket.hear(), { message: { id: '2', type: 'complete' } });
  });
});

describe('the reference client over server-sent events', () => {
  test('queries and mutations give one answer each', async () => {
    const client = streamClient();
    assert.deepEqual(await results(client, { query: VIEWER }), [{ data: { viewer: { handle } } }]);
    const query = `mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }`;
    const input = { name: 'By the stream', description: 'Made over an event stream by the reference client.' };
    const [{ data }] = await results(client, { query, variables: { input } });
    assert.equal(data.createVenture.venture.name, 'By the stream');
  });

  test('a request error is told in the stream', async () => {
    const client = streamClient();
    for (const query of ['{', '{ noSuchField }']) {
      const [answer, ...more] = await results(client, { query });
      assert.equal(typeof answer.errors[0].message, 'string');
      assert.ok(!('data' in answer) && more.length === 0);
    }
  });

  test('a subscription gives events until its client leaves it', async () => {
    const client = streamClient();
    const id = await venture('Streamed');
    const watching = sequences(client, { query: EVENTS, variables: { id } }, 3, (seen) => {
      if (seen.length === 2) rename(id, 'Renamed');
    });
    assert.deepEqual(await watching, upTo(3));
  });

  test('after a broken connection it goes on where it was', async () => {
    let cut = new AbortController();
    const client = streamClient({
      retryAttempts: 5,
      retry: async () => {},
      fetchFn(url, init) {
        cut = new AbortController();
        return fetch(url, { ...init, signal: AbortSignal.any([init.signal, cut.signal]) });
      },
    });
    const id = await venture('Streamed over two connections');
    const watching = sequences(client, { query: EVENTS, variables: { id } }, 6, (seen) => {
      if (seen.length === 2) {
        cut.abort();
        renameAll(id, ['One', 'Two', 'Three', 'Four']);
      }
    });
    assert.deepEqual(await watching, upTo(6));
  });

  test('a link carries queries and subscriptions, and no mutation', async () => {
    const link = (query) => `${streamUrl}?${new URLSearchParams({ query })}`;
    // In production a link shows that it was preflighted.
    const headers = { authorization, accept: 'text/event-stream', 'graphql-require-preflight': '1' };
    const text = await (await fetch(link(VIEWER), { headers })).text();
    const [, answer] = text.match(/^:\n\nevent: next\ndata: (.+)\n\nevent: complete\ndata:\n\n$/) ?? [];
    assert.deepEqual(JSON.parse(answer).data, { viewer: { handle } });
    const refused = await fetch(link('mutation { __typename }'), { headers });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST']);
  });

  test('a token that is no good is told by a status', async () => {
    const client = streamClient({ headers: { authorization: 'Bearer venturi_unknown' } });
    await assert.rejects(results(client, { query: VIEWER }), ({ response }) => {
      assert.equal(response.status, 401);
      return true;
    });
  });
});
