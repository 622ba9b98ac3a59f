// How fast the line to the service is, by what it takes to fetch something of a known size.

export const ENOUGH_KBPS = 300;
const TRIES = 3;

/** The best of up to three tries, in kbit/s and at least 1; one that is good enough is enough. A try that fails says the line is as good as none. */
export async function lineKbps(fetched: () => Promise<number>, now: () => number): Promise<number> {
  let best = 1;
  for (let tried = 0; tried < TRIES && best < ENOUGH_KBPS; tried += 1) {
    const begin = now();
    try {
      const bytes = await fetched();
      best = Math.max(best, Math.round((bytes * 8) / Math.max(1, now() - begin)));
    } catch { /* as good as none; tried again */ }
  }
  return best;
}
