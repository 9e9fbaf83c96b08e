// The pipeline: `requestGateValidation` writes a queued gate run and a job, a worker decides the run.
// Usage: DATABASE_URL=postgres://… node pipeline.mjs api PORT | worker
import { Logger, run, runMigrations } from 'graphile-worker';
import mercurius from 'mercurius';
import { authenticate, endOnSignal, newId, newServer, pool, statement, transaction } from './shared.mjs';

// The statements of ../frozen/pipeline.sql, but for two: an update of a venture names only the columns that change, as
// one writes it by hand, and graphile-worker's job stands for the outbox, the relay and the inbox.
const lockVenture = statement(
  'lock-venture',
  `SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners
   FROM venture WHERE id = $1 AND portfolio_id = ANY ($2) LIMIT 1 FOR UPDATE`,
);
const lockVentureOfRun = statement(
  'lock-venture-of-run',
  `SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners
   FROM venture WHERE id = $1 LIMIT 1 FOR UPDATE`,
);
const findPortfolio = statement('find-portfolio', 'SELECT * FROM portfolio WHERE id = $1 LIMIT 1');
const findStageRun = statement('find-stage-run', 'SELECT * FROM stage_run WHERE id = $1 LIMIT 1');
const findGateRun = statement('find-gate-run', 'SELECT * FROM gate_run WHERE id = $1 LIMIT 1');
const findVentureId = statement('find-venture-id', 'SELECT venture_id FROM gate_run WHERE id = $1 LIMIT 1');
const findAttestations = statement(
  'find-attestations',
  'SELECT * FROM attestation WHERE stage_run_id = $1 AND superseded_at IS NULL',
);
const insertGateRun = statement(
  'insert-gate-run',
  `INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, status, requested_by_id,
                         requested_at, trace_id, version)
   VALUES ($1, $2, $3, $4, $5, $6, 'EXIT', 'QUEUED', $7, now(), $8, 1)`,
);
const updateVenture = statement(
  'update-venture',
  `UPDATE venture SET version = version + 1, sequence = sequence + 1, updated_at = now()
   WHERE id = $1 AND version = $2`,
);
const insertHistory = statement(
  'insert-history',
  `INSERT INTO history (id, portfolio_id, venture_id, sequence, kind, at, actor, body, trace_id)
   VALUES ($1, $2, $3, $4, $5, now(), $6, $7, $8)`,
);
const insertAudit = statement(
  'insert-audit',
  `INSERT INTO audit (id, portfolio_id, command, actor, at, target, request_id, trace_id)
   VALUES ($1, $2, $3, $4, now(), $5, $6, $7)`,
);
const addJob = statement('add-job', "SELECT graphile_worker.add_job('decide_gate', $1::json)");
const decideGateRun = statement(
  'decide-gate-run',
  `UPDATE gate_run SET status = 'SUCCEEDED', verdict = $2, decision = $3, decided_at = now(),
                       decided_by = 'gate-validator', version = 2
   WHERE id = $1 AND status = 'QUEUED'`,
);

const length = (text) => [...text].length;
const GATES = {
  'title-validated': {
    key: 'title-length',
    label: 'Title has 3 to 120 characters',
    wanted: 'size(venture.name) >= 3 && size(venture.name) <= 120',
    fact: 'venture.name',
    seen: (venture) => venture.name,
    holds: (name) => length(name) >= 3 && length(name) <= 120,
  },
  'description-validated': {
    key: 'description-length',
    label: 'Description has 20 to 2000 characters',
    wanted: 'size(venture.description) >= 20 && size(venture.description) <= 2000',
    fact: 'venture.description',
    seen: (venture) => venture.description,
    holds: (description) => length(description) >= 20 && length(description) <= 2000,
  },
  'category-assigned': {
    key: 'category-set',
    label: 'Category is set',
    wanted: 'size(venture.category) >= 1',
    fact: 'venture.category',
    seen: (venture) => venture.category ?? '',
    holds: (category) => length(category) >= 1,
  },
};

/** What is recorded of one change, beside the change: the venture's new version, its history and the audit. */
async function record(connection, venture, { kind, command, actor, body, target, requestId = null, traceId }) {
  await updateVenture(connection, venture.id, venture.version);
  const sequence = venture.sequence + 1;
  const place = [newId(), venture.portfolio_id];
  await insertHistory(connection, ...place, venture.id, sequence, kind, actor, JSON.stringify(body), traceId);
  await insertAudit(connection, newId(), venture.portfolio_id, command, actor, target, requestId, traceId);
}

async function request({ ventureId, gate }, { actor, portfolios }) {
  if (!(gate in GATES)) throw new Error(`no gate ${gate}`);
  const [id, traceId] = [newId(), newId().replaceAll('-', '')];
  await transaction(async (connection) => {
    const [venture] = await lockVenture(connection, ventureId, portfolios);
    if (!venture) throw new Error('not found');
    await findPortfolio(connection, venture.portfolio_id);
    const [run] = await findStageRun(connection, venture.stage_run_id);
    const place = [venture.portfolio_id, venture.id, run.id, run.stage];
    await insertGateRun(connection, id, ...place, gate, actor.id, traceId);
    await record(connection, venture, {
      kind: 'gate_run.requested.v1',
      command: 'request_gate_validation',
      actor: JSON.stringify(actor),
      body: { gate, stage: run.stage, gate_kind: 'EXIT', gate_run_id: id },
      target: `venture ${venture.id}`,
      requestId: newId(),
      traceId,
    });
    await addJob(connection, JSON.stringify({ gate_run_id: id }));
  });
  const [gateRun] = await findGateRun(pool, id);
  return gateRun;
}

const AGENT = JSON.stringify({ id: null, kind: 'agent', name: 'gate-validator', roles: [] });

async function decide({ gate_run_id: id }) {
  await transaction(async (connection) => {
    const [{ venture_id: ventureId }] = await findVentureId(connection, id);
    const [venture] = await lockVentureOfRun(connection, ventureId);
    const [run] = await findGateRun(connection, id);
    // A job that comes a second time finds its run decided.
    if (run.status !== 'QUEUED') return;
    await findStageRun(connection, venture.stage_run_id);
    await findAttestations(connection, venture.stage_run_id);
    const decision = judge(GATES[run.gate], venture);
    await decideGateRun(connection, id, decision.verdict, JSON.stringify(decision));
    const { gate, stage, kind: gateKind, trace_id: traceId } = run;
    await record(connection, venture, {
      kind: 'gate_run.decided.v1',
      command: 'decide_gate',
      actor: AGENT,
      body: {
        gate, stage, verdict: decision.verdict, gate_kind: gateKind, gate_run_id: id, failure_action: null,
      },
      target: `venture ${venture.id}, record ${id}`,
      traceId,
    });
  });
}

function judge({ key, label, wanted, fact, seen, holds }, venture) {
  const value = seen(venture);
  const verdict = holds(value) ? 'PASS' : 'FAIL';
  const criterion = {
    key, label, wanted, verdict, reason: null, seen: `${fact} = ${JSON.stringify(value)}`, evidence: [],
    looked_at: [fact], age_seconds: 0, observed_at: venture.updated_at,
  };
  return { verdict, least: [], failure: null, criteria: [criterion] };
}

const schema = `
  type GateRun { id: ID! gate: String! status: String! verdict: String }
  type UserError { field: [String!] message: String! code: String! }
  input RequestGateValidationInput { ventureId: ID! gate: String! }
  type RequestGateValidationPayload { gateRun: GateRun userErrors: [UserError!]! }
  type Query { ready: Boolean! }
  type Mutation { requestGateValidation(input: RequestGateValidationInput!): RequestGateValidationPayload! }
`;

const resolvers = {
  Query: { ready: () => true },
  Mutation: {
    async requestGateValidation(_, { input }, { authorization }) {
      return { gateRun: await request(input, await authenticate(authorization)), userErrors: [] };
    },
  },
};

async function api(port) {
  await runMigrations({ pgPool: pool });
  const server = newServer();
  server.register(mercurius, {
    schema,
    resolvers,
    jit: 1,
    context: (incoming) => ({ authorization: incoming.headers.authorization }),
  });
  endOnSignal(() => server.close());
  console.log(`listening on ${await server.listen({ host: '127.0.0.1', port })}`);
}

async function worker() {
  const runner = await run({
    pgPool: pool,
    concurrency: 16,
    noHandleSignals: true,
    // Else it writes three lines for each job.
    logger: new Logger(() => () => {}),
    // Jobs are fetched and completed many at a time, as its manual advises for throughput.
    preset: { worker: { localQueue: { size: 200 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    taskList: { decide_gate: decide },
  });
  endOnSignal(() => runner.stop());
  console.log('listening on graphile-worker');
}

const [role, port] = process.argv.slice(2);
await (role === 'api' ? api(Number(port)) : worker());
