"""A small PDF with a signature dictionary whose range covers the file, as signing programs write it; the signature itself is made up."""

from __future__ import annotations


def signed_pdf(
    text: str = "contract",
    *,
    added: bytes = b"",
    scheme: bytes = b" /SubFilter /adbe.pkcs7.detached",
    entry: bytes = b"/Contents",
) -> bytes:
    """`added` is put behind what was signed; `scheme` and `entry` are what makes a dictionary one of a signature."""
    head = (
        f"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Note ({text}) >>\nendobj\n2 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite".encode()
        + scheme
    )
    mark = b" /ByteRange [0 %010d %010d %010d] " + entry + b" "
    signature = b"<" + b"3082" * 64 + b">"
    tail = b" >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    first = len(head) + len(mark % (0, 0, 0))
    second = first + len(signature)
    return head + mark % (first, second, len(tail)) + signature + tail + added


UNSIGNED = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
