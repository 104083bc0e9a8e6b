"""Gzip from strangers: a limit on what comes out, every member read, nothing cut short taken for whole."""

import zlib

from collectors.kinds import BadRecord, TooLarge

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 20  # of what is compressed; bounds what is copied to find where a member ends
MOST_MEMBERS = 1024  # a body of millions of empty members would cost minutes
_GZIP = 16 + zlib.MAX_WBITS


def gunzip(body: bytes, limit: int) -> bytes:
    """What a gzip body holds, all its members together.

    Raises TooLarge as soon as it would exceed `limit` bytes, BadRecord if it is no gzip, cut short, or followed by
    something else.
    """
    parts: list[bytes] = []
    position = members = 0
    while position < len(body) or not members:
        members += 1
        if members > MOST_MEMBERS:
            raise BadRecord(f"the body has more than {MOST_MEMBERS} gzip members")
        part, position = _member(body, position, limit)
        limit -= len(part)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _member(body: bytes, position: int, limit: int) -> tuple[bytes, int]:
    """One member's content, and where the next begins."""
    inflate = zlib.decompressobj(_GZIP)
    parts: list[bytes] = []
    room = limit
    while not inflate.eof:
        piece = body[position : position + PIECE_BYTES]
        if not piece:
            raise BadRecord("the gzip body is cut short", f"byte {position}")
        try:
            part = inflate.decompress(piece, room + 1)
        except zlib.error as error:
            raise BadRecord("the body is not gzip", f"byte {position}") from error
        if len(part) > room:
            raise TooLarge("the body is larger than the limit once decompressed")
        room -= len(part)
        position += len(piece) - len(inflate.unused_data)
        parts.append(part)
    return b"".join(parts), position
