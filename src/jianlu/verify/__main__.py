"""The verifier as a program: `python verifier.pyz FILE [--json] [--trust FILE] [--checkpoint SAVED] [--language zh|en]`.

FILE is a package, or a certificate of destruction, which begins with a brace; of one `--anchors FOLDER` writes its time stamps as files.

Exit codes: 0 intact and complete, 10 intact and not complete, 90 not intact, 2 wrong call, 4 no such file, 75 the answer could not
be written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from jianlu.core.errors import InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.certificate import is_certificate
from jianlu.core.limits import CERTIFICATE_BYTES_MAX
from jianlu.verify.certificate import CertificateResult, check_certificate, write_anchors
from jianlu.verify.check import check_package
from jianlu.verify.model import Result
from jianlu.verify.render import LANGUAGES, render
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import SAVED_BYTES_MAX, TRUST_BYTES_MAX, parse_saved, parse_trust, read_bounded

EXIT_WRONG_CALL = 2
EXIT_NO_FILE = 4
EXIT_NOT_WRITTEN = 75


def main(arguments: list[str] | None = None) -> int:
    """Verify one package or certificate as the command line says; returns the exit code and prints the result."""
    parser = argparse.ArgumentParser(prog="verifier", description="鉴录验证程序 / Jianlu verifier: checks a .jlp package offline")
    parser.add_argument("package", type=Path, help="the .jlp file, or a certificate of destruction")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--trust", type=Path, help="trust.json of the institution, from a source you trust")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of the ledger that you saved earlier")
    parser.add_argument("--anchors", type=Path, help="of a certificate: a folder for its time stamps, for other programs")
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="language of the text result")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = parser.parse_args(arguments)
    try:
        trust = parse_trust(read_bounded(options.trust, TRUST_BYTES_MAX)) if options.trust else None
        saved = parse_saved(read_bounded(options.checkpoint, SAVED_BYTES_MAX)) if options.checkpoint else None
        result: Result | CertificateResult
        if is_certificate(read_bounded(options.package, 0)):
            content = read_bounded(options.package, CERTIFICATE_BYTES_MAX)
            result = check_certificate(content, trust=trust, saved=saved)
            if options.anchors and result.version:
                write_anchors(content, options.anchors)
        else:
            result = check_package(options.package, trust=trust, saved=saved)
    except InvalidError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_CALL
    except NotFoundError as error:
        print(error, file=sys.stderr)
        return EXIT_NO_FILE
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return EXIT_NOT_WRITTEN
    document = json.dumps(result.as_document(), ensure_ascii=False, indent=2) + "\n" if options.json else ""
    return result.exit_code if _written(document or _rendered(result, options.language)) else EXIT_NOT_WRITTEN


def _rendered(result: Result | CertificateResult, language: str) -> str:
    return render_certificate(result, language) if isinstance(result, CertificateResult) else render(result, language)


def _written(text: str) -> bool:
    """Whether standard output took all of `text`; a full disk or a closed pipe must not look like an answer."""
    try:
        print(text, end="", flush=True)
    except OSError as error:
        print(f"the answer cannot be written: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries again as it ends
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
