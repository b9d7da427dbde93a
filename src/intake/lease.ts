import type { IntakeDeps } from './intake.ts';

/** A reader that lives keeps its cabinet: told after each page, of the feed and of a back-fill alike. */
export async function extendLease(deps: IntakeDeps, opaId: string): Promise<void> {
  await deps.db.query(
    `UPDATE cabinet SET polling_until = now() + interval '2 minutes' WHERE opa_id = $1 AND polling_owner = $2`,
    [opaId, deps.owner],
  );
}
