// What differs between two texts, line by line: the longest common subsequence, with unchanged stretches folded.

export interface Row { kind: "same" | "added" | "removed" | "skipped"; text: string; before: number | null; after: number | null }

export function differences(before: string, after: string, context = 3): Row[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) rows.push({ kind: "same", text: a[i]!, before: ++i, after: ++j });
    else if (i < a.length && (j >= b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) rows.push({ kind: "removed", text: a[i]!, before: ++i, after: null });
    else rows.push({ kind: "added", text: b[j]!, before: null, after: ++j });
  }
  return folded(rows, context);
}

function folded(rows: Row[], context: number): Row[] {
  const near = rows.map((_, at) => rows.slice(Math.max(0, at - context), at + context + 1).some((row) => row.kind !== "same"));
  const made: Row[] = [];
  let skipped = 0;
  rows.forEach((row, at) => {
    if (near[at]) {
      if (skipped) made.push({ kind: "skipped", text: String(skipped), before: null, after: null });
      skipped = 0;
      made.push(row);
    } else skipped += 1;
  });
  if (skipped) made.push({ kind: "skipped", text: String(skipped), before: null, after: null });
  return made;
}
