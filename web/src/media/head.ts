// Where a playback's head goes: who leads, and what is done where nothing was recorded. Nothing here touches a page.

/** What is known of one role around the head. `next` is the first instant after it at which the role may have media. */
export interface Standing { holds: boolean; isSettled: boolean; next: number | null }

const NEAR_MS = 400; // a frame's worth of nothing is no gap: the picture before or behind it stands for it

/** Whether a role has nothing to show at the head, and for longer than the eye minds. `until` is the end of what it has before. */
export const isBlank = (standing: Standing, ms: number, until: number | null): boolean =>
  !standing.holds && standing.isSettled && (standing.next === null || standing.next - ms > NEAR_MS) && (until === null || ms - until > NEAR_MS);

/** Where a role's own video is to stand while the head does: on the frame that comes in a moment, where there is none exactly here. */
export const aimOf = (standing: Standing, ms: number): number => (!standing.holds && standing.next !== null && standing.next - ms <= NEAR_MS ? standing.next + 1 : ms);

export type Move = { kind: "follow"; lead: number } | { kind: "wait" } | { kind: "hop"; to: number } | { kind: "end" };

/** A role that has media at the head leads: one that was lost does not hold up the others. Where none has any, the head hops. */
export function moveOf(standings: readonly Standing[], lead: number): Move {
  if (standings[lead]?.holds) return { kind: "follow", lead };
  const other = standings.findIndex((each) => each.holds);
  if (other >= 0) return { kind: "follow", lead: other };
  if (standings.some((each) => !each.isSettled)) return { kind: "wait" };
  const nexts = standings.map((each) => each.next).filter((each): each is number => each !== null);
  return nexts.length ? { kind: "hop", to: Math.min(...nexts) } : { kind: "end" };
}

export interface Gap { from_ms: number; to_ms: number; side?: string }

/** The gaps that a role's picture or sound has at an instant: its own tracks', and those of everybody (a recorder's, the source's). */
export function gapsAt<G extends Gap>(gaps: readonly G[], role: string, roles: readonly string[], ms: number): G[] {
  return gaps.filter((gap) => gap.from_ms <= ms && ms < gap.to_ms && concerns(gap.side ?? "", role, roles));
}

function concerns(side: string, role: string, roles: readonly string[]): boolean {
  const owner = side.replace(/-picture$/, "");
  return owner === role || !roles.includes(owner);
}
