import type { IntakeDeps } from './intake.ts';

/** A reader that lives keeps its cabinet: told after each page, of the feed and of a back-fill alike. */
export async function extendLease(deps: IntakeDeps, opaId: string): Promise<void> {
  await deps.db.query(
    `UPDATE cabinet SET polling_until = now() + interval '2 minutes' WHERE opa_id = $1 AND polling_owner = $2`,
    [opaId, deps.owner],
  );
}

/**
 * Takes the cabinets back from readers of this machine that died while reading, so that a restart need not wait until
 * their leases run out. Taken from a living one (containers may share a name) a lease costs a second reading and no
 * more: the cursor decides which of the two is stored.
 */
export async function releaseDeadLeases(deps: Pick<IntakeDeps, 'db' | 'owner'>): Promise<void> {
  const rows = await deps.db.query<{ owner: string }>(
    `SELECT DISTINCT polling_owner AS owner FROM cabinet WHERE polling_owner <> $1 AND polling_until > now()`,
    [deps.owner],
  );
  const dead = rows.map(({ owner }) => owner).filter((owner) => isDead(owner, deps.owner));
  if (dead.length === 0) return;
  await deps.db.query(
    `UPDATE cabinet SET polling_owner = NULL, polling_until = NULL WHERE polling_owner = ANY($1)`,
    [dead],
  );
}

/** Owners are `host:pid:id`; of one on another machine nothing is known. */
function isDead(owner: string, own: string): boolean {
  const [host, pid] = owner.split(':');
  const [ownHost, ownPid] = own.split(':');
  if (host !== ownHost || !/^[1-9]\d*$/.test(pid ?? '')) return false;
  // Our own number was somebody else's before us.
  if (pid === ownPid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
