// The example against a started server: VENTURI_URL, and VENTURI_TOKEN of a CHAIRMAN.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { ApiError, Venturi } from '../src/client.js';
import { attest, create, validate } from '../src/gate.js';
import { screen } from '../src/screen.js';

const { VENTURI_URL, VENTURI_TOKEN } = process.env;
assert.ok(VENTURI_URL && VENTURI_TOKEN, 'set VENTURI_URL and VENTURI_TOKEN');
const venturi = new Venturi(VENTURI_URL, VENTURI_TOKEN);
after(() => venturi.close());

const DESCRIPTION = 'Made by the example client, to be led through a gate.';

test('a venture is created, attested and validated', async () => {
  const { id } = await create(venturi, 'Typed from end to end', DESCRIPTION, 'examples');
  await attest(venturi, id, { doneWhen: 'title-captured' }, 'Read aloud in the weekly meeting.');
  const run = await validate(venturi, id, 'title-validated');
  assert.equal(run.verdict, 'PASS');
  assert.deepEqual(run.remedies, []);
  const [criterion] = run.criteria ?? [];
  assert.equal(criterion?.verdict, 'PASS');
  assert.match(criterion?.seen ?? '', /Typed from end to end/);
});

test('a gate that cannot pass says what is missing', async () => {
  const { id } = await create(venturi, 'Without a category', DESCRIPTION);
  const run = await validate(venturi, id, 'category-assigned');
  assert.equal(run.verdict, 'FAIL');
  assert.ok(run.remedies && run.remedies.length > 0, 'what would turn it into a pass');
});

test('a screen of ventures is one cheap request', async () => {
  const { viewer, ventures } = await screen(venturi);
  assert.ok(ventures.nodes.some((venture) => venture.name === 'Typed from end to end'));
  for (const venture of ventures.nodes) assert.ok(venture.stageRun.gates.length > 0, venture.name);
  assert.ok(viewer.waiting.totalCount > 0);
  const steps = viewer.waiting.nodes.flatMap((item) => ('steps' in item ? item.steps : []));
  assert.ok(steps.some((step) => step.action === 'ATTEST_LABEL'));
  assert.ok(venturi.lastCost > 0 && venturi.lastCost <= 5000, `it costs ${venturi.lastCost}`);
});

test('what is refused has a code', async () => {
  await assert.rejects(create(venturi, 'X', DESCRIPTION), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 'INVALID_INPUT');
    return true;
  });
  const stranger = new Venturi(VENTURI_URL, 'venturi_nobody');
  await assert.rejects(screen(stranger), (error: unknown) => error instanceof ApiError && error.code === 'UNAUTHENTICATED');
  await stranger.close();
});
