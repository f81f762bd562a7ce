import {evolutionDefinition} from '../cases/evolution-definition';
import {zalesak} from './zalesak';

/** `dinf-grid solve zalesak`. */
export const zalesakDefinition = evolutionDefinition({
  name: 'zalesak',
  summary: "Zalesak's slotted disk, turned",
  options: [
    {flag: '--indicator', description: "the disk's smoothed indicator and a whole turn, instead of its distance and half a turn"},
  ],
  pose: (options, own) =>
    zalesak({...options, indicator: (own as Record<string, string | boolean | undefined>).indicator === true}),
});
