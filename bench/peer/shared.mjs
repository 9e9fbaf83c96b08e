// What both programs share: a server, a pool, transactions, prepared statements, ids, and who holds a token.
import { createHash, randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

// As many connections as one of Venturi's processes holds.
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
// A connection that breaks while nobody waits for an answer on it.
const broken = (error) => console.error(error);
pool.on('error', broken);
pool.on('connect', (client) => client.on('error', broken));

// A version or a sequence number stays below 2^53 here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A statement by name: the server parses and plans it once for each connection. Gives its rows. */
export function statement(name, text) {
  return async (connection, ...values) => (await connection.query({ name, text, values })).rows;
}

/** Runs `work` with a connection that is in a transaction; gives what `work` gives. */
export async function transaction(work) {
  const connection = await pool.connect();
  try {
    await connection.query('BEGIN');
    const result = await work(connection);
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release();
  }
}

/** An id that ascends with time, as UUIDs of version 7 do, so that new rows are neighbours in an index. */
export function newId() {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(1, 4)}-8${random.slice(5, 8)}-${random.slice(8)}`;
}

const holder = statement(
  'holder',
  `SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id,
          t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at
   FROM token AS t JOIN person AS p ON p.id = t.person_id
   LEFT JOIN member AS m ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id)
   WHERE t.hash = $1 AND t.revoked_at IS NULL`,
);

/** Who sends the header `Authorization: Bearer …`: the person and the portfolios in reach. Throws for an unknown token. */
export async function authenticate(header = '') {
  const token = header.startsWith('Bearer ') ? header.slice('Bearer '.length) : '';
  const places = await holder(pool, createHash('sha256').update(token).digest('hex'));
  if (places.length === 0) throw new Error('not signed in');
  const [{ person_id: id, name }] = places;
  return {
    actor: { id, kind: 'person', name, roles: places.flatMap((place) => place.roles) },
    portfolios: places.map((place) => place.portfolio_id),
  };
}

/**
 * A server that closes every connection when it ends. By default it waits for those that a caller opened and sent nothing
 * over, and pools of callers open such.
 */
export const newServer = () => Fastify({ forceCloseConnections: true });

/** Ends the process in order when its starter tells it to. */
export function endOnSignal(close) {
  process.once('SIGTERM', async () => {
    await close();
    await pool.end();
    process.exit(0);
  });
}
