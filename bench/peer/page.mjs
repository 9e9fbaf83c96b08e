// The page of ventures: one query, one loader for each list in it.
// Usage: DATABASE_URL=postgres://… node page.mjs PORT
import mercurius from 'mercurius';
import { authenticate, endOnSignal, newServer, pool, statement } from './shared.mjs';

const findVentures = statement(
  'find-ventures',
  // All columns but the one that serves search.
  `SELECT id, portfolio_id, name, description, category, zone, currency, status, status_reason, status_since,
          stage_run_id, stage, version, sequence, created_at, updated_at
   FROM venture WHERE portfolio_id = ANY ($1) ORDER BY created_at, id LIMIT $2`,
);
const findStageRuns = statement('find-stage-runs', 'SELECT * FROM stage_run WHERE id = ANY ($1)');
const findAttestations = statement(
  'find-attestations',
  'SELECT * FROM attestation WHERE stage_run_id = ANY ($1) AND superseded_at IS NULL ORDER BY at',
);
const findGateRuns = statement(
  'find-gate-runs',
  `SELECT * FROM (
     SELECT *, row_number() OVER (PARTITION BY venture_id ORDER BY requested_at DESC, id DESC) AS place
     FROM gate_run WHERE venture_id = ANY ($1)
   ) AS latest WHERE place <= $2 ORDER BY requested_at DESC, id DESC`,
);

/**
 * A loader that reads the rows of all its parents with one statement, and shares them out. It keeps nothing for the
 * rest of the request, because no parent comes twice. `cache: false` for the whole server would cost more than it
 * saves: then mercurius compiles no query (`jit`), as a compiled one is kept beside the parsed one.
 */
function loader(read, parentKey, rowKey, share) {
  const load = async (queries) => {
    const keys = queries.map(({ obj }) => obj[parentKey]);
    const rows = new Map(keys.map((key) => [key, []]));
    for (const row of await read(keys, queries)) rows.get(row[rowKey]).push(row);
    return queries.map(({ params }, place) => share(rows.get(keys[place]), params));
  };
  return { loader: load, opts: { cache: false } };
}

const list = (rows) => rows;
const connection = (rows, { first }) => ({ nodes: rows.slice(0, first) });
const only = ([row]) => row;

const loaders = {
  Venture: {
    stageRun: loader((ids) => findStageRuns(pool, ids), 'stage_run_id', 'id', only),
    gateRuns: loader(
      (ids, queries) => findGateRuns(pool, ids, Math.max(...queries.map(({ params }) => params.first))),
      'id',
      'venture_id',
      connection,
    ),
  },
  StageRun: {
    attestations: loader((ids) => findAttestations(pool, ids), 'id', 'stage_run_id', list),
  },
};

const schema = `
  type Attestation { id: ID! target: String! note: String }
  type StageRun { id: ID! status: String! dueAt: String! attestations: [Attestation!]! }
  type GateRun { id: ID! gate: String! status: String! verdict: String }
  type GateRunConnection { nodes: [GateRun!]! }
  type Venture {
    id: ID! name: String! status: String! category: String stageRun: StageRun!
    gateRuns(first: Int! = 20): GateRunConnection!
  }
  type VentureConnection { nodes: [Venture!]! }
  type Query { ventures(first: Int! = 20): VentureConnection! }
`;

const resolvers = {
  Query: {
    async ventures(_, { first }, { authorization }) {
      const { portfolios } = await authenticate(authorization);
      return { nodes: await findVentures(pool, portfolios, first) };
    },
  },
  StageRun: { dueAt: (run) => run.due_at.toISOString() },
};

const server = newServer();
server.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  context: (incoming) => ({ authorization: incoming.headers.authorization }),
});
endOnSignal(() => server.close());
console.log(`listening on ${await server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })}`);
