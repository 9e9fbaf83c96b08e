// A screen of ventures with all that is shown of each, and what waits for the person in front of it: one request.

import type { Venturi } from './client.js';
import { graphql } from './generated/index.js';

const SCREEN = graphql(`
  query Screen($first: Int!, $after: String) {
    viewer {
      handle
      waiting(first: 10) {
        totalCount
        nodes {
          ... on WaitingStageRun {
            venture { id name }
            steps { action key gate text owned }
          }
          ... on DeadLetter { queue reason }
        }
      }
    }
    ventures(first: $first, after: $after, orderBy: { field: NAME }) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        name
        status
        version
        stage { number title phase }
        stageRun {
          dueAt
          lateAt
          doneWhen { key label owner done }
          gates { key label kind latestRun { status verdict remedies { text roles } } }
          evidence { id title submittedBy { name } }
        }
      }
    }
  }
`);

export async function screen(venturi: Venturi, first = 20, after: string | null = null) {
  return venturi.run(SCREEN, { first, after });
}
