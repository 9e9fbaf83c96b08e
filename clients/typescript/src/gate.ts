// A venture through its first gate: created, attested, validated by a worker, watched until the verdict.

import { changed, type Venturi } from './client.js';
import { graphql } from './generated/index.js';
import type { AttestTargetInput } from './generated/graphql.js';

const CREATE = graphql(`
  mutation Create($input: CreateVentureInput!) {
    createVenture(input: $input) {
      venture { id version }
      userErrors { field message code }
    }
  }
`);

const ATTEST = graphql(`
  mutation Attest($input: AttestInput!) {
    attest(input: $input) {
      venture { version }
      userErrors { field message code }
    }
  }
`);

const VALIDATE = graphql(`
  mutation Validate($input: RequestGateValidationInput!) {
    requestGateValidation(input: $input) {
      gateRun { id }
      userErrors { field message code }
    }
  }
`);

const VERDICT = graphql(`
  subscription Verdict($id: ID!) {
    gateRunUpdated(id: $id) {
      status
      verdict
      criteria { label verdict seen wanted reason { code text } }
      remedies { text roles }
    }
  }
`);

export async function create(venturi: Venturi, name: string, description: string, category?: string) {
  const input = { name, description, ...(category === undefined ? {} : { category }) };
  const { createVenture } = await venturi.run(CREATE, { input });
  return changed(createVenture, createVenture?.venture);
}

export async function attest(venturi: Venturi, ventureId: string, target: AttestTargetInput, minutes: string) {
  const evidence = [{ title: 'Minutes', content: { text: minutes } }];
  const { attest } = await venturi.run(ATTEST, { input: { ventureId, target, evidence } });
  return changed(attest, attest?.venture);
}

/** Asks for a gate to be decided and waits for the verdict. */
export async function validate(venturi: Venturi, ventureId: string, gate: string) {
  const idempotencyKey = crypto.randomUUID();
  const { requestGateValidation } = await venturi.run(VALIDATE, { input: { ventureId, gate, idempotencyKey } });
  const { id } = changed(requestGateValidation, requestGateValidation?.gateRun);
  for await (const { gateRunUpdated: run } of venturi.watch(VERDICT, { id })) {
    if (run.verdict) return run;
  }
  throw new Error(`gate run ${id} ended without a verdict`);
}
