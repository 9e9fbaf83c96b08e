// A WebSocket without a client in front of it, for saying what no client would.

import { once } from 'node:events';
import { WebSocket } from 'ws';

import { authorization, socketUrl } from './gateway.mjs';

export const PROTOCOL = 'graphql-transport-ws';

export class Socket {
  #heard = [];
  #waiting = [];

  constructor(protocols) {
    this.raw = new WebSocket(socketUrl, protocols);
    this.raw.on('message', (data) => this.#came({ message: JSON.parse(data) }));
    this.raw.on('close', (code, reason) => this.#came({ code, reason: String(reason) }));
  }

  #came(event) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(event);
    else this.#heard.push(event);
  }

  /** Opens a connection that said nothing yet. */
  static async open(protocols = PROTOCOL) {
    const socket = new Socket(protocols);
    await once(socket.raw, 'open');
    return socket;
  }

  /** Opens a connection that may run operations. */
  static async acknowledged() {
    const socket = await Socket.open();
    socket.say({ type: 'connection_init', payload: { Authorization: authorization } });
    const { message } = await socket.hear();
    if (message?.type !== 'connection_ack') throw new Error(`${JSON.stringify(message)} is no acknowledgement`);
    return socket;
  }

  say(message) {
    this.raw.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id, query, variables) {
    this.say({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** The next message, or the close. */
  async hear() {
    return this.#heard.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  end() {
    this.raw.terminate();
  }
}
