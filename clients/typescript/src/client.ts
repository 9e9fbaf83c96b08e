// The API over HTTP and WebSocket, typed by what each document asks for.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';

/** An error of the request as a whole, or of one of its fields; `code` stays, `message` may be reworded. */
export class ApiError extends Error {
  constructor(message: string, readonly code: string) {
    super(message);
  }
}

/** A rule's refusal, as mutations give it. */
export interface UserError {
  code: string;
  message: string;
  field: readonly string[] | null;
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
  extensions?: { cost?: { requested: number } };
}

export class Venturi {
  private readonly socket: Client;
  /** What the last request over HTTP cost. */
  lastCost = 0;

  /** `url` is the server's, such as `http://127.0.0.1:8080`; `token` an API token or an issuer's JWT. */
  constructor(private readonly url: string, private readonly token: string) {
    this.socket = createClient({
      url: new URL('/graphql', url).href.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${token}` },
    });
  }

  /** Runs a query or a mutation. */
  async run<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(new URL('/graphql', this.url), {
      method: 'POST',
      headers: {
        'authorization': `Bearer ${this.token}`,
        'content-type': 'application/json',
        'accept': 'application/graphql-response+json',
      },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const answer = (await response.json()) as Answer<Data>;
    this.lastCost = answer.extensions?.cost?.requested ?? 0;
    const [first] = answer.errors ?? [];
    if (first) throw new ApiError(first.message, first.extensions?.code ?? 'UNKNOWN');
    if (!answer.data) throw new ApiError('an answer without data', 'UNKNOWN');
    return answer.data;
  }

  /** What a subscription sends, until it ends or the caller stops reading. */
  async *watch<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): AsyncGenerator<Data> {
    const results = this.socket.iterate<Data>({ query: print(document), variables });
    for await (const { data, errors } of results) {
      const [first] = errors ?? [];
      if (first) throw new ApiError(first.message, String(first.extensions?.['code'] ?? 'UNKNOWN'));
      if (data) yield data;
    }
  }

  async close(): Promise<void> {
    await this.socket.dispose();
  }
}

/** The object that a mutation made or changed; throws what refused it. */
export function changed<T>(payload: { userErrors: UserError[] } | null, object: T | null | undefined): T {
  const [refusal] = payload?.userErrors ?? [];
  if (refusal) throw new ApiError(refusal.message, refusal.code);
  if (object === null || object === undefined) throw new ApiError('a payload without its object', 'UNKNOWN');
  return object;
}
