import { readFileSync } from "node:fs";

import graphql from "@graphql-eslint/eslint-plugin";

const schema = readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8");

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // Parts of a record that are never looked up alone have no id.
      "@graphql-eslint/strict-id-in-types": "off",
      // Lists beside connections are lists of records, not of edges.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
