// Every screen, dialogs included, in light and dark, wide and narrow, English and German.
import { describe, it } from 'node:test';
import type { OnStage, Stage } from '../harness/stage';
import { account, oneself } from './screens/account';
import { type Look, LOOKS } from './screens/camera';
import { beingAsked, entering } from './screens/entering';
import { portfolio } from './screens/portfolio';
import { roles } from './screens/roles';

const TOURS: [string, (stage: Stage, look: Look) => Promise<void>][] = [
  ['before log-in', entering],
  ['behind the links of an Owner', beingAsked],
  ['of an account', account],
  ['of oneself', oneself],
  ['of a portfolio', portfolio],
  ['of roles', roles],
];

export function screens(onStage: OnStage): void {
  describe('every screen', () => {
    for (const look of LOOKS) {
      for (const [where, tour] of TOURS) {
        it(`${where} is accessible, and fits: ${look.name}`, () => tour(onStage(), look));
      }
    }
  });
}
