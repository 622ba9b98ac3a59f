// The verifier of specs/verifier.sha256 in this browser: CPython as WebAssembly (Pyodide) runs the very program verifier.pyz. The package is
// read in place, a megabyte at a time, as the program asks; nothing of it is copied whole, and nothing leaves the machine.

/** What of Pyodide is used, so that browser and Node can each bring theirs. */
export interface Python {
  FS: { writeFile(path: string, content: Uint8Array): void; mkdirTree(path: string): void; mount(kind: unknown, options: unknown, at: string): void; unmount(at: string): void; filesystems: Record<string, unknown> };
  runPython(code: string): unknown;
}

/** A file that is read in slices: a browser's File, or a stand-in. */
export interface Sliced { readonly size: number; slice(from: number, until: number): unknown }

export interface Brought { trust: Uint8Array; ledgerKey: string; saved: Uint8Array }
export interface Progress { stage: string; read: number }

type Check = (path: string, trust: Uint8Array, key: string, saved: Uint8Array, say: (stage: string) => void) => string;

const PROGRAM = "/verifier.pyz";
const PLACE = "/package";
const NAME = "package.jlp";
const START = `
import sys
sys.path.insert(0, "${PROGRAM}")
from jianlu.verify.for_pages import answer_for_page
def check(path, trust, key, saved, say):
    return answer_for_page(path, trust=trust.to_bytes(), ledger_key=key, saved=saved.to_bytes(), say=say)
check
`;

export class Engine {
  private readonly check: Check;

  constructor(private readonly python: Python, program: Uint8Array) {
    python.FS.writeFile(PROGRAM, program);
    python.FS.mkdirTree(PLACE);
    this.check = python.runPython(START) as Check;
  }

  /** The answer of `jianlu.verify.for_pages`, as its JSON text. `told` hears of each stage and of every slice that was read. */
  verify(file: Sliced, brought: Brought, told: (progress: Progress) => void): string {
    const progress: Progress = { stage: "container", read: 0 };
    const counted: Sliced = {
      size: file.size,
      slice: (from, until) => {
        progress.read += Math.max(0, Math.min(until, file.size) - from);
        told(progress);
        return file.slice(from, until);
      },
    };
    this.python.FS.mount(this.python.FS.filesystems["WORKERFS"], { blobs: [{ name: NAME, data: counted }] }, PLACE);
    try {
      return this.check(`${PLACE}/${NAME}`, brought.trust, brought.ledgerKey, brought.saved, (stage) => { progress.stage = stage; told(progress); });
    } finally {
      this.python.FS.unmount(PLACE);
    }
  }
}
