// How long a viewer waits for sound that was lost and is being sent again. By itself a browser makes up what is late after some tens of
// milliseconds; on a line that loses packets, what was asked for again comes a round trip later, and was asked for in vain.

const LOSING = 0.01; // of the sound made up: a listener begins to notice
const WAITING_MS = 400; // two round trips of 150 ms, and what the browser waits before it asks
const CALM_LOOKS = 30;

/** Looks at a receiver's counters, once a second; says how long its buffer should be, in ms, or null for the browser's own choice. */
export class Patience {
  target: number | null = null;
  private madeUp = 0;
  private heard = 0;
  private calm = 0;

  look(madeUp: number, heard: number): number | null {
    const isFresh = heard < this.heard || this.heard === 0; // another connection counts anew, and its beginning is always made up
    const share = isFresh ? 0 : (madeUp - this.madeUp) / Math.max(1, heard - this.heard);
    [this.madeUp, this.heard] = [madeUp, heard];
    this.calm = share > LOSING ? 0 : this.calm + 1;
    if (share > LOSING) this.target = WAITING_MS;
    else if (this.calm >= CALM_LOOKS) this.target = null;
    return this.target;
  }
}
