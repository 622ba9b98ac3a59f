"""A small PDF with a signature dictionary whose range covers the file, as signing programs write it; the signature itself is made up."""

from __future__ import annotations


def signed_pdf(text: str = "contract", *, added: bytes = b"") -> bytes:
    """`added` is put behind what was signed."""
    head = (
        f"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Note ({text}) >>\nendobj\n2 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite".encode()
    )
    mark = b" /ByteRange [0 %010d %010d %010d] /Contents "
    signature = b"<" + b"3082" * 64 + b">"
    tail = b" >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    first = len(head) + len(mark % (0, 0, 0))
    second = first + len(signature)
    return head + mark % (first, second, len(tail)) + signature + tail + added


UNSIGNED = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
