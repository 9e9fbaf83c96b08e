// Webhooks both ways, by the library that any integration would use: events pushed to a source of ours, and what
// an endpoint of ours is told, verified before it is believed.

import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

import { changed, type Venturi } from './client.js';
import { graphql } from './generated/index.js';

const PORTFOLIO = graphql(`
  query PortfolioBySlug($slug: String!) {
    portfolio(slug: $slug) { id }
  }
`);

const CREATE_SOURCE = graphql(`
  mutation CreateSource($input: CreateWebhookSourceInput!) {
    createWebhookSource(input: $input) {
      secret
      webhookSource { id path }
      userErrors { field message code }
    }
  }
`);

const CREATE_ENDPOINT = graphql(`
  mutation CreateEndpoint($input: CreateWebhookEndpointInput!) {
    createWebhookEndpoint(input: $input) {
      secret
      webhookEndpoint { id }
      userErrors { field message code }
    }
  }
`);

const BECAME = graphql(`
  query Became($id: ID!) {
    node(id: $id) {
      ... on WebhookEvent { status code message }
    }
  }
`);

/** Where events go, and the secret that signs them. */
export interface Source {
  url: URL;
  secret: string;
}

/** An event as an endpoint is told of it. */
export interface Told {
  type: string;
  timestamp: string;
  data: { portfolioId: string; ventureId: string | null; sequence: number | null; body: unknown };
}

async function portfolioId(venturi: Venturi, slug: string): Promise<string> {
  const { portfolio } = await venturi.run(PORTFOLIO, { slug });
  if (!portfolio) throw new Error(`no portfolio ${slug}`);
  return portfolio.id;
}

/** A new source of a portfolio; for an ADMIN. */
export async function createSource(venturi: Venturi, base: string, slug: string, name: string): Promise<Source> {
  const input = { portfolioId: await portfolioId(venturi, slug), name };
  const { createWebhookSource: made } = await venturi.run(CREATE_SOURCE, { input });
  const { path } = changed(made, made?.webhookSource);
  return { url: new URL(path, base), secret: changed(made, made?.secret) };
}

/** Pushes an event. Once this returns it is kept; sending it again under the same id does no harm. */
export async function push(source: Source, type: string, data: unknown, id = `msg_${randomUUID()}`) {
  const at = new Date();
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data });
  const response = await fetch(source.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(source.secret).sign(id, at, body),
    },
    body,
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as { id: string; duplicate: boolean };
}

/** What became of an event that was pushed; for an ADMIN. */
export async function became(venturi: Venturi, id: string) {
  const { node } = await venturi.run(BECAME, { id });
  return node && 'status' in node ? node : null;
}

/** Has an address told of some types of events; for an ADMIN. The secret is shown this once. */
export async function listen(venturi: Venturi, slug: string, url: string, eventTypes: string[]): Promise<string> {
  const input = { portfolioId: await portfolioId(venturi, slug), url, eventTypes };
  const { createWebhookEndpoint: made } = await venturi.run(CREATE_ENDPOINT, { input });
  return changed(made, made?.secret);
}

/** What a request tells, if it is ours: throws for anything else. */
export function verified(secret: string, headers: Record<string, string>, body: string): Told {
  return new Webhook(secret).verify(body, headers) as Told;
}
