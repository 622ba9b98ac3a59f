"""The program `jianlu`: gathers the commands and turns our errors into messages and exit codes.

What a command does is in its own module, what an error means to a caller in `entry/reactions.py`.
"""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError

from jianlu import __version__
from jianlu.core.errors import JianluError
from jianlu.entry.reactions import reaction_to

EXIT_WRONG_CALL = 2
SWITCH_INTERVAL_S = 0.0005
"""Tracks are inspected side by side, mostly in codecs outside the interpreter lock; at Python's 5 ms they wait for each other."""

app = App(
    name="jianlu",
    help="鉴录 Jianlu: a regulated conversation becomes a package that a stranger verifies offline.",
    version=__version__,
    result_action="return_value",
    exit_on_error=False,
)
app.command("jianlu.entry.cli.home:init", name="init")
app.command("jianlu.entry.cli.sandbox:sandbox", name="sandbox")
app.command("jianlu.entry.cli.sample:sample", name="sample")
app.command("jianlu.entry.cli.plan:plan", name="plan")
app.command("jianlu.entry.cli.diff:diff", name="diff")
app.command("jianlu.entry.cli.seal:seal", name="seal")
app.command("jianlu.entry.cli.verify:verify", name="verify")
app.command("jianlu.entry.cli.serve:serve", name="serve")
app.command("jianlu.entry.cli.serve:certificate", name="certificate")
app.command("jianlu.entry.cli.account:app", name="account")
app.command("jianlu.entry.cli.ledger:app", name="ledger")
app.command("jianlu.entry.cli.vault:app", name="vault")
app.command("jianlu.entry.cli.keys:app", name="keys")
app.command("jianlu.entry.cli.destruction:app", name="destruction")
app.command("jianlu.entry.cli.stores:app", name="stores")
app.command("jianlu.entry.cli.witness:app", name="witness")
app.command("jianlu.entry.cli.assess:app", name="assess")


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code. Our errors are printed as one line on standard error."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        answer = app(arguments)
    except CycloptsError:
        return EXIT_WRONG_CALL
    except JianluError as error:
        print(f"jianlu: {error}", file=sys.stderr)
        return reaction_to(error).exit_code
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("jianlu: interrupted; run the same command again to go on where it stopped", file=sys.stderr)
        return 130
    return answer if isinstance(answer, int) else 0


if __name__ == "__main__":
    main()
