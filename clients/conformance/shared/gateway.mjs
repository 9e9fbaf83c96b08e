// The started server, as the scripts find it, and the little that all of them ask of it.

const { VENTURI_URL, VENTURI_TOKEN } = process.env;
if (!VENTURI_URL || !VENTURI_TOKEN) {
  throw new Error('set VENTURI_URL (http://host:port) and VENTURI_TOKEN (of a CHAIRMAN of the portfolio demo)');
}

export const token = VENTURI_TOKEN;
export const authorization = `Bearer ${VENTURI_TOKEN}`;
export const graphqlUrl = new URL('/graphql', VENTURI_URL).href;
export const streamUrl = new URL('/graphql/stream', VENTURI_URL).href;
export const socketUrl = graphqlUrl.replace(/^http/, 'ws');

/** The data of a request over plain HTTP that must succeed. */
export async function ask(query, variables) {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

const CREATE = `mutation($input: CreateVentureInput!) {
  createVenture(input: $input) { venture { id } userErrors { code message } }
}`;

/** A new venture's id; its history has two events. */
export async function venture(name) {
  const input = { name, description: 'Made by a conformance test, to be watched by a client.', category: 'tests' };
  const { createVenture } = await ask(CREATE, { input });
  if (!createVenture.venture) throw new Error(JSON.stringify(createVenture.userErrors));
  return createVenture.venture.id;
}

const RENAME = `mutation($input: UpdateVentureInput!) {
  updateVenture(input: $input) { venture { version } userErrors { code message } }
}`;

/** Changes a venture, which adds one event to its history. */
export async function rename(ventureId, name) {
  const { updateVenture } = await ask(RENAME, { input: { ventureId, name } });
  if (!updateVenture.venture) throw new Error(JSON.stringify(updateVenture.userErrors));
}

export const EVENTS = `subscription($id: ID!, $after: Int! = 0) {
  ventureEvents(ventureId: $id, after: $after) { sequence }
}`;
