// Types for every operation in src/, from the schema that the API serves.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.ts', '!src/generated/**'],
  generates: {
    './src/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // What each scalar is on the wire. One that is missing here stops the generation.
        scalars: {
          DateTime: 'string',
          JSON: 'unknown',
        },
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
      },
    },
  },
  emitLegacyCommonJSImports: false,
};

export default config;
