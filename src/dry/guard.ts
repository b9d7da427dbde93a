import { Fault } from '../model/errors.ts';
import type { CabinetAccess, Platform, PlatformReplies, PlatformShowcase } from '../platform/port.ts';
import type { SedExchange } from '../sed/port.ts';

type Covers = (opaId: string) => boolean;

/**
 * The platform behind a last door: whatever path a message of a dry cabinet takes, it does not leave. The flows ask before
 * they begin anything; this catches what they forget, and a cabinet that went dry in the middle of a step.
 */
export function guardPlatform(
  platform: Platform & PlatformReplies,
  covers: Covers,
): Platform & PlatformReplies {
  const refuse = ({ opaId }: CabinetAccess) => {
    if (covers(opaId)) throw new Fault('DRY_RUN');
  };
  return {
    ...platform,
    async postStatus(cabinet, ...rest) {
      refuse(cabinet);
      return await platform.postStatus(cabinet, ...rest);
    },
    async postAnswer(cabinet, ...rest) {
      refuse(cabinet);
      return await platform.postAnswer(cabinet, ...rest);
    },
    async uploadFile(cabinet, ...rest) {
      refuse(cabinet);
      return await platform.uploadFile(cabinet, ...rest);
    },
  };
}

/** The same before the folders of the СЭД; reports about answers name no cabinet and are held by their flow. */
export function guardSed(sed: SedExchange, covers: Covers): SedExchange {
  return {
    ...sed,
    async write(request, ...rest) {
      if (covers(request.key.opaId)) throw new Fault('DRY_RUN');
      return await sed.write(request, ...rest);
    },
  };
}

/** The same before the showcase: a file of a dry cabinet stays; reports may be read. */
export function guardShowcase(platform: PlatformShowcase, covers: Covers): PlatformShowcase {
  return {
    readShowcaseReport: (...args) => platform.readShowcaseReport(...args),
    async uploadShowcase(cabinet, ...rest) {
      if (covers(cabinet.opaId)) throw new Fault('DRY_RUN');
      return await platform.uploadShowcase(cabinet, ...rest);
    },
  };
}
