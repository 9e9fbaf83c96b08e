// Starts GraphiQL against this server: queries and mutations over HTTP, subscriptions over WebSocket
// (graphql-transport-ws). Nothing is loaded from elsewhere, and no token is kept past the page.
"use strict";

(() => {
  const root = document.getElementById("explorer");
  const endpoint = new URL(root.dataset.endpoint, document.baseURI);
  const liveEndpoint = new URL(root.dataset.liveEndpoint, document.baseURI);
  liveEndpoint.protocol = liveEndpoint.protocol === "https:" ? "wss:" : "ws:";

  const FIRST_QUERY = `# Venturi's API.
#
# Ctrl-Space completes. Ctrl-Enter runs the
# operation at the cursor. The book at the top left
# documents every type and field.
#
# Almost everything wants a token: put it into the
# Headers tab below. Subscriptions send it as well.
#
#   { "Authorization": "Bearer …" }
#
# A first query, to see what can be asked:

query WhatCanBeAsked {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;

  /** The operation that will run: the named one, or the only one. */
  function operation(documentAST, name) {
    const operations = (documentAST?.definitions ?? []).filter((part) => part.kind === "OperationDefinition");
    return operations.find((part) => part.name?.value === name) ?? operations[0];
  }

  async function ask(request, headers) {
    const answer = await fetch(endpoint, {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(request),
    });
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch {
      return { errors: [{ message: `HTTP ${answer.status}: ${text || answer.statusText}` }] };
    }
  }

  /** One connection for each subscription, so that it carries the headers of the moment it began. */
  async function* follow(request, headers) {
    const client = graphqlWs.createClient({
      url: liveEndpoint.href,
      connectionParams: headers,
      retryAttempts: 0,
    });
    try {
      yield* client.iterate(request);
    } catch (problem) {
      throw readable(problem);
    } finally {
      await client.dispose();
    }
  }

  /** A refused connection is a CloseEvent, which GraphiQL would show as an empty object. */
  function readable(problem) {
    if (!(problem instanceof CloseEvent)) return problem;
    return { message: `The connection closed with ${problem.code}${problem.reason ? `: ${problem.reason}` : ""}` };
  }

  function fetcher(request, { headers = {}, documentAST } = {}) {
    const live = operation(documentAST, request.operationName)?.operation === "subscription";
    return live ? follow(request, headers) : ask(request, headers);
  }

  const title = React.createElement("span", { className: "explorer-name" }, "Venturi");
  const logo = React.createElement(GraphiQL.Logo, null, title);
  const page = React.createElement(
    GraphiQL,
    {
      fetcher,
      defaultQuery: FIRST_QUERY,
      defaultEditorToolsVisibility: "headers",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
    },
    logo,
  );
  ReactDOM.createRoot(root).render(page);
})();
