"""Damage bytes in ways that files get damaged, or that someone would try."""

from __future__ import annotations

import random
import re

WORDS = [
    b"null", b"true", b"-1", b"0", b"1e999", b".nan", b".inf", b"999999999999", b"[]", b"{}", b"''", b"'", b'"', b"&a ",
    b"*a", b"!!python/object:os.system ", b"<<: *a", b"---", b"...", b"%YAML 9.9", b"? ", b"- ", b": ", b"| ", b"> ",
    b"..", b"../../etc/passwd", b"/dev/zero", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"__temporal_axis__",
    b"[[[[[[[[[[[[[[[[", b"{a: {a: {a: {a: {a:", b"models:", b"pipeline:", b"decide/obs", b"a" * 300, b"\n\n\n", b"\t",
    b"batch", b"float16", b"bool", b"1.3", b"2.0", b"0x7fffffffffffffff", b"2147483648",
]  # fmt: skip
_TOKEN = re.compile(rb"[A-Za-z0-9_./-]+|[^\sA-Za-z0-9]")


def damage_text(data: bytes, chance: random.Random) -> bytes:
    """Damage text a few times: tokens replaced, lines moved, bytes flipped, the end lost."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        data = chance.choice((_replace_token, _insert_word, _move_line, _drop_line, _flip, _cut))(data, chance)
    return data


def damage_binary(data: bytes, chance: random.Random) -> bytes:
    """Damage a binary file a few times: bits flipped, runs copied, zeroed or lost, lengths made huge."""
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        data = chance.choice((_flip, _flip, _cut, _copy_run, _zero_run, _huge_length, _insert_word))(data, chance)
    return data


def _replace_token(data: bytes, chance: random.Random) -> bytes:
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    hit = chance.choice(tokens)
    other = chance.choice(tokens)[0] if chance.random() < 0.5 else chance.choice(WORDS)
    return data[: hit.start()] + other + data[hit.end() :]


def _insert_word(data: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(data))
    return data[:place] + chance.choice(WORDS) + data[place:]


def _move_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    line = chance.choice(lines)
    lines.insert(chance.randint(0, len(lines)), line)
    return b"\n".join(lines)


def _drop_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _copy_run(data: bytes, chance: random.Random) -> bytes:
    start, place = chance.randint(0, len(data)), chance.randint(0, len(data))
    return data[:place] + data[start : start + chance.randint(1, 64)] + data[place:]


def _zero_run(data: bytes, chance: random.Random) -> bytes:
    start, length = chance.randint(0, len(data)), chance.randint(1, 32)
    return data[:start] + bytes(min(length, len(data) - start)) + data[start + length :]


def _huge_length(data: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, max(0, len(data) - 8))
    return data[:start] + chance.choice((b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\xff\xff\xff\x7f")) + data[start + 8 :]
