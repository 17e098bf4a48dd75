// Starts GraphiQL on this server's own /graphql: queries and mutations by POST, subscriptions over
// graphql-transport-ws on the same path. Nothing is loaded from elsewhere.
"use strict";

const EXAMPLE = `# Touchstone: try a work list, then open one customer.
query WorkList {
  customers(first: 10, filter: {tier: ["A", "B"], risk: [HIGH, CRITICAL]}, orderBy: {key: SCORE}) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        ref
        name
        score
        stage
        risk
        tier { effective { key title } since }
        churn { status probability }
      }
    }
  }
}
`;

// What stands under "Headers" is sent along, so that a token set there counts: {"authorization": "Bearer …"}.
async function byPost(params, given) {
  const own = { "content-type": "application/json", accept: "application/graphql-response+json, application/json" };
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { ...given, ...own },
    body: JSON.stringify(params),
  });
  return answer.json();
}

// One socket per subscription: init (with what stands under "Headers"), subscribe, then every `next` until `complete` or `error`.
function bySocket(params, given) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return {
    subscribe(observer) {
      const socket = new WebSocket(`${scheme}://${location.host}/graphql`, "graphql-transport-ws");
      const send = (message) => socket.send(JSON.stringify(message));
      socket.onopen = () => send({ type: "connection_init", payload: given });
      socket.onerror = () => observer.error(new Error("The connection failed."));
      socket.onclose = () => observer.complete();
      socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: params });
        if (message.type === "ping") send({ type: "pong" });
        if (message.type === "next") observer.next(message.payload);
        if (message.type === "error") observer.next({ errors: message.payload });
        if (message.type === "error" || message.type === "complete") socket.close();
      };
      return { unsubscribe: () => socket.close() };
    },
  };
}

function isSubscription(params, options) {
  const definitions = (options && options.documentAST && options.documentAST.definitions) || [];
  const operations = definitions.filter((node) => node.kind === "OperationDefinition");
  const chosen = operations.find((node) => node.name && node.name.value === params.operationName) || operations[0];
  return Boolean(chosen && chosen.operation === "subscription");
}

const fetcher = (params, options) => {
  const given = (options && options.headers) || {};
  return isSubscription(params, options) ? bySocket(params, given) : byPost(params, given);
};

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: EXAMPLE, shouldPersistHeaders: false }),
);
