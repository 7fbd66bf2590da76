"""Chinwag's encodings a second time, written from docs/protocol/ and nothing else.

It reads the known answers in docs/protocol/vectors/ and in the crypto crate's testdata/, writes
the values, reads the bytes, checks ids, signatures and states, and refuses what is wrong. Python's
standard library only. Where this program and the other one differ, one of them is wrong, or a page
does not say enough.

    python3 second_implementation.py [folder of the vectors [folder of the crypto crate's testdata]]
"""

import functools
import hashlib
import json
import os
import sys

# BLAKE3, from the paper.

MASK = 0xFFFFFFFF
IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
      0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
DERIVE_KEY_CONTEXT, DERIVE_KEY_MATERIAL = 32, 64


def _schedule():
    order, rounds = tuple(range(16)), []
    for _ in range(7):
        rounds.append(order)
        order = tuple(order[i] for i in PERMUTATION)
    return rounds


SCHEDULE = _schedule()
MIXES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def _compress(chaining, block, counter, length, flags):
    words = [int.from_bytes(block[i:i + 4], "little") for i in range(0, 64, 4)]
    v = list(chaining) + list(IV[:4]) + [counter & MASK, counter >> 32, length, flags]
    for order in SCHEDULE:
        for n, (a, b, c, d) in enumerate(MIXES):
            va, vb, vc, vd = v[a], v[b], v[c], v[d]
            va = (va + vb + words[order[2 * n]]) & MASK
            vd ^= va
            vd = (vd >> 16 | vd << 16) & MASK
            vc = (vc + vd) & MASK
            vb ^= vc
            vb = (vb >> 12 | vb << 20) & MASK
            va = (va + vb + words[order[2 * n + 1]]) & MASK
            vd ^= va
            vd = (vd >> 8 | vd << 24) & MASK
            vc = (vc + vd) & MASK
            vb ^= vc
            v[a], v[b], v[c], v[d] = va, (vb >> 7 | vb << 25) & MASK, vc, vd
    return [v[i] ^ v[i + 8] for i in range(8)] + [v[i + 8] ^ chaining[i] for i in range(8)]


def _node(key, data, counter, flags):
    """The node over these bytes: what its last compression needs, but for the root flag."""
    if len(data) <= 1024:
        chaining = key
        blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
        start = CHUNK_START
        for block in blocks[:-1]:
            chaining = _compress(chaining, block, counter, 64, flags | start)[:8]
            start = 0
        last = blocks[-1]
        return chaining, last.ljust(64, b"\0"), counter, len(last), flags | start | CHUNK_END
    left = 1024
    while left * 2 < len(data):
        left *= 2
    halves = (_node(key, data[:left], counter, flags),
              _node(key, data[left:], counter + left // 1024, flags))
    words = [word for half in halves for word in _compress(*half)[:8]]
    return key, b"".join(w.to_bytes(4, "little") for w in words), 0, 64, flags | PARENT


def _root(key, data, flags):
    chaining, block, _, length, last = _node(key, data, 0, flags)
    words = _compress(chaining, block, 0, length, last | ROOT)
    return b"".join(word.to_bytes(4, "little") for word in words)


@functools.lru_cache(maxsize=None)
def _context_key(label):
    derived = _root(IV, label.encode("ascii"), DERIVE_KEY_CONTEXT)[:32]
    return tuple(int.from_bytes(derived[i:i + 4], "little") for i in range(0, 32, 4))


@functools.lru_cache(maxsize=1024)
def hash64(label, data):
    """The first 64 bytes of the extended output."""
    return _root(_context_key(label), data, DERIVE_KEY_MATERIAL)


def hash_(label, data):
    return hash64(label, data)[:32]


# Ed25519 with the checks of crypto.md.

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def _add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p):
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1])
    g = a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _both(s, p, k, q):
    """[s]p + [k]q."""
    table = (None, p, q, _add(p, q))
    total = NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        total = _double(total)
        which = (s >> bit & 1) + 2 * (k >> bit & 1)
        if which:
            total = _add(total, table[which])
    return total


def _encoded(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _is_small(p):
    eight = _double(_double(_double(p)))
    return eight[0] % P == 0 and (eight[1] - eight[2]) % P == 0


@functools.lru_cache(maxsize=None)
def point(data):
    """The point that these 32 bytes are the canonical encoding of, if it is not of small order."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2 ** 255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v ** 3 * pow(u * v ** 7, (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    p = (x, y, 1, x * y % P)
    return None if _is_small(p) else p


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=None)
def is_signed(label, public, message, signature):
    key = point(public)
    s = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= L or point(signature[:32]) is None:
        return False
    signed = bytes([len(label)]) + label.encode("ascii") + message
    digest = hashlib.sha512(signature[:32] + public + signed).digest()
    k = int.from_bytes(digest, "little") % L
    minus = (-key[0] % P, key[1], key[2], -key[3] % P)
    return _encoded(_both(s, BASE, k, minus)) == signature[:32]


def public_of(seed):
    scalar = bytearray(hashlib.sha512(seed).digest()[:32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    return _encoded(_both(int.from_bytes(scalar, "little"), BASE, 0, BASE))


def is_prekey(data):
    """1,216 bytes whose ML-KEM-768 coefficients, 768 of 12 bits each, are reduced."""
    if len(data) != 1216:
        return False
    for i in range(0, 1152, 3):
        a, b, c = data[i:i + 3]
        if a | (b & 15) << 8 >= 3329 or b >> 4 | c << 4 >= 3329:
            return False
    return True


def safety_number(a, b):
    def half(key):
        groups = hash64("chinwag/safety-number/1", key)[:30]
        return "".join("%05d" % (int.from_bytes(groups[i:i + 5], "big") % 100000)
                       for i in range(0, 30, 5))
    return "".join(sorted([half(a), half(b)]))


# Encoding: encoding.md.

class Refused(Exception):
    """What is wrong, in one of the words that the vectors have."""


def need(condition, fault):
    if not condition:
        raise Refused(fault)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "short")
        self.at += count
        return self.data[self.at - count:self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def number(self, width):
        return int.from_bytes(self.take(width), "big")

    def count(self, width, most):
        found = self.number(width)
        need(found <= most, "over limit")
        return found

    def yes(self):
        found = self.number(1)
        need(found <= 1, "not canonical")
        return found == 1

    def version(self, known):
        need(self.number(1) == known, "unknown")

    def hex(self, count):
        return self.take(count).hex()

    def key(self):
        found = self.take(32)
        need(point(found) is not None, "bad key")
        return found.hex()

    def text(self, length):
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("not UTF-8") from None

    def set(self, count, item):
        found = [item() for _ in range(count)]
        need(all(a < b for a, b in zip(found, found[1:])), "not canonical")
        return found

    def end(self):
        need(self.at == len(self.data), "trailing")


def read(data, decode, *more):
    reader = Reader(data)
    value = decode(reader, *more)
    reader.end()
    return value


def number(value, width):
    return value.to_bytes(width, "big")


def yes(value):
    return number(1 if value else 0, 1)


def counted(data, width):
    return number(len(data), width) + data


# Logs: log.md.

BODY_MAX = 524288


def direct(a, b):
    return hash_("chinwag/direct/1", b"".join(sorted([a, b])))


def read_text(reader):
    reply_to = reader.hex(32) if reader.yes() else None
    mentions = [{"account": reader.key(), "start": reader.number(4), "length": reader.number(4)}
                for _ in range(reader.count(1, 64))]
    text = reader.text(reader.count(4, BODY_MAX))
    free = 0
    for mention in mentions:
        need(mention["length"] > 0 and mention["start"] >= free, "not canonical")
        free = mention["start"] + mention["length"]
        need(free <= len(text), "not canonical")
    return {"reply_to": reply_to, "mentions": mentions, "text": text}


def write_text(value):
    out = yes(value["reply_to"] is not None) + bytes.fromhex(value["reply_to"] or "")
    out += number(len(value["mentions"]), 1)
    for mention in value["mentions"]:
        out += bytes.fromhex(mention["account"])
        out += number(mention["start"], 4) + number(mention["length"], 4)
    return out + counted(value["text"].encode("utf-8"), 4)


def read_settings(reader):
    found = []
    for _ in range(reader.count(1, 16)):
        which = reader.number(2)
        value = reader.hex(reader.count(2, 1024))
        need(which != 1 or len(value) == 8, "not canonical")
        need(not found or found[-1]["number"] < which, "not canonical")
        found.append({"number": which, "value": value})
    return found


def read_audience(reader):
    found, room = [], 8192
    for _ in range(reader.count(2, 8192)):
        account = reader.key()
        need(not found or found[-1]["account"] < account, "not canonical")
        count = reader.count(2, room)
        room -= count
        found.append({"account": account, "devices": reader.set(count, reader.key)})
    return found


def write_audience(value):
    out = number(len(value), 2)
    for one in value:
        out += bytes.fromhex(one["account"]) + number(len(one["devices"]), 2)
        out += bytes.fromhex("".join(one["devices"]))
    return out


def read_body(reader, kind):
    need(len(reader.data) <= BODY_MAX, "over limit")
    value = {"salt": reader.hex(16)}
    if kind == 1:
        value["text"] = read_text(reader)
    elif kind == 2:
        value["of"], value["text"] = reader.hex(32), read_text(reader)
    elif kind == 3:
        value["to"], value["on"] = reader.hex(32), reader.yes()
        value["emoji"] = reader.text(reader.count(1, 64))
        need(value["emoji"] != "", "not canonical")
    elif kind == 4:
        value["of"] = reader.hex(32)
    elif kind == 5:
        value["settings"] = read_settings(reader)
    elif kind == 6:
        value["account"] = reader.key()
        value["called"] = read_name(reader) if reader.yes() else None
        value["is"] = [reader.yes(), reader.yes(), reader.yes()]
    elif kind == 7:
        value.update(read_group_operation(reader))
    elif kind == 8:
        value["audience"] = read_audience(reader)
    else:
        value["content"] = reader.rest().hex()
    return value


def write_body(kind, value):
    out = bytes.fromhex(value["salt"])
    if kind == 1:
        return out + write_text(value["text"])
    if kind == 2:
        return out + bytes.fromhex(value["of"]) + write_text(value["text"])
    if kind == 3:
        emoji = value["emoji"].encode("utf-8")
        return out + bytes.fromhex(value["to"]) + yes(value["on"]) + counted(emoji, 1)
    if kind == 4:
        return out + bytes.fromhex(value["of"])
    if kind == 5:
        out += number(len(value["settings"]), 1)
        for setting in value["settings"]:
            out += number(setting["number"], 2) + counted(bytes.fromhex(setting["value"]), 2)
        return out
    if kind == 6:
        out += bytes.fromhex(value["account"]) + yes(value["called"] is not None)
        if value["called"] is not None:
            out += counted(value["called"].encode("utf-8"), 1)
        return out + b"".join(map(yes, value["is"]))
    if kind == 7:
        return out + write_group_operation(value)
    if kind == 8:
        return out + write_audience(value["audience"])
    return out + bytes.fromhex(value["content"])


def read_header(reader):
    reader.version(1)
    value = {"conversation": reader.hex(32), "author": reader.key(), "seq": reader.number(8),
             "backlink": reader.hex(32)}
    need(value["seq"] >= 1, "not canonical")
    need((value["seq"] == 1) == (value["backlink"] == "00" * 32), "not canonical")
    value["parents"] = reader.set(reader.count(1, 16), lambda: reader.hex(32))
    value["rank"], value["claimed"] = reader.number(8), reader.number(8)
    value["lifetime"] = reader.number(4)
    value["kind"] = reader.number(2)
    value["body_length"], value["body_hash"] = reader.count(4, BODY_MAX), reader.hex(32)
    return value


def write_header(value):
    out = number(1, 1) + bytes.fromhex(value["conversation"] + value["author"])
    out += number(value["seq"], 8) + bytes.fromhex(value["backlink"])
    out += number(len(value["parents"]), 1) + bytes.fromhex("".join(value["parents"]))
    out += number(value["rank"], 8) + number(value["claimed"], 8) + number(value["lifetime"], 4)
    out += number(value["kind"], 2)
    return out + number(value["body_length"], 4) + bytes.fromhex(value["body_hash"])


def entry_id(header):
    return hash_("chinwag/header/1", header)


def check_run(run):
    """The newest entry's seq, id and rank after this run."""
    base = run["base"] or {"seq": 0, "id": "00" * 32, "rank": 0}
    need(run["entries"], "empty")
    need(len(run["entries"]) <= 1000, "too long")
    for entry in run["entries"]:
        data = bytes.fromhex(entry["header"])
        header = read(data, read_header)
        theirs = header["conversation"], header["author"]
        need(theirs == (run["conversation"], run["author"]), "other log")
        need(header["seq"] == base["seq"] + 1, "out of place")
        need(header["backlink"] == base["id"], "unlinked")
        need(header["rank"] >= base["rank"], "rank falls")
        if entry["body"] is not None:
            body = bytes.fromhex(entry["body"])
            need(len(body) == header["body_length"], "other body")
            need(hash_("chinwag/body/1", body).hex() == header["body_hash"], "other body")
        base = {"seq": header["seq"], "id": entry_id(data).hex(), "rank": header["rank"]}
    author, signature = bytes.fromhex(run["author"]), bytes.fromhex(run["signature"])
    last = bytes.fromhex(base["id"])
    need(is_signed("chinwag/entry/1", author, last, signature), "not signed")
    return base


# Accounts and tickets: identity.md.

ACTION_MAX = 163874
WHITE = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000")
WHITE |= {chr(c) for c in range(0x2000, 0x200B)}


def read_name(reader):
    name = reader.text(reader.count(1, 64))
    need(name != "" and name[0] not in WHITE and name[-1] not in WHITE, "not canonical")
    need(not any(c < " " or "\x7f" <= c <= "\x9f" for c in name), "not canonical")
    return name


def read_action(reader, kind):
    if kind == 1:
        return {"kind": kind, "name": read_name(reader)}
    if kind == 2:
        value = {"kind": kind, "device": reader.key(), "name": read_name(reader),
                 "expires": reader.number(8)}
        prekey = reader.take(1216)
        need(is_prekey(prekey), "bad key")
        return dict(value, prekey=prekey.hex(), consent=reader.hex(64))
    if kind == 3:
        value = {"kind": kind, "device": reader.key(), "heights": []}
        for _ in range(reader.count(2, 4096)):
            last = value["heights"][-1]["conversation"] if value["heights"] else ""
            conversation = reader.hex(32)
            need(last < conversation, "not canonical")
            value["heights"].append({"conversation": conversation, "height": reader.number(8)})
        return value
    if kind == 4:
        return {"kind": kind, "device": reader.key()}
    return {"kind": kind, "bytes": reader.rest().hex()}


def write_action(value):
    if value["kind"] == 1:
        return counted(value["name"].encode("utf-8"), 1)
    if value["kind"] == 2:
        out = bytes.fromhex(value["device"]) + counted(value["name"].encode("utf-8"), 1)
        return out + number(value["expires"], 8) + bytes.fromhex(value["prekey"] + value["consent"])
    if value["kind"] == 3:
        out = bytes.fromhex(value["device"]) + number(len(value["heights"]), 2)
        for one in value["heights"]:
            out += bytes.fromhex(one["conversation"]) + number(one["height"], 8)
        return out
    if value["kind"] == 4:
        return bytes.fromhex(value["device"])
    return bytes.fromhex(value["bytes"])


def read_operation(reader):
    reader.version(1)
    value = {"account": reader.key()}
    value["parents"] = reader.set(reader.count(1, 16), lambda: reader.hex(32))
    value["height"], value["claimed"] = reader.number(8), reader.number(8)
    kind = reader.number(2)
    value["action"] = read(reader.take(reader.count(4, ACTION_MAX)), read_action, kind)
    return value


def write_operation(value):
    out = number(1, 1) + bytes.fromhex(value["account"])
    out += number(len(value["parents"]), 1) + bytes.fromhex("".join(value["parents"]))
    out += number(value["height"], 8) + number(value["claimed"], 8)
    return out + number(value["action"]["kind"], 2) + counted(write_action(value["action"]), 4)


def read_signed(reader):
    return read_operation(reader), reader.hex(64)


class Account:
    """An account's operations that are known, by their ids."""

    def __init__(self, account):
        self.account, self.known = account, {}

    def add(self, data):
        value, signature = read(data, read_signed)
        id_ = hash_("chinwag/operation-id/1", data[:-64])
        if id_.hex() in self.known:
            return
        need(value["account"] == self.account, "other account")
        need(len(self.known) < 2000, "too many")
        need(all(parent in self.known for parent in value["parents"]), "unknown parent")
        height = 1 + max([self.known[parent]["height"] for parent in value["parents"]], default=0)
        need(value["height"] == height, "wrong height")
        key = bytes.fromhex(self.account)
        need(is_signed("chinwag/operation/1", key, id_, bytes.fromhex(signature)), "not signed")
        action = value["action"]
        if action["kind"] == 2:
            device, consent = bytes.fromhex(action["device"]), bytes.fromhex(action["consent"])
            need(is_signed("chinwag/device/1", device, key, consent), "no consent")
        self.known[id_.hex()] = value

    def said(self, kind):
        """The actions of a kind, in ascending order of (height, id)."""
        known = sorted(self.known.items(), key=lambda item: (item[1]["height"], item[0]))
        return [value["action"] for _, value in known if value["action"]["kind"] == kind]

    def heads(self):
        followed = {parent for value in self.known.values() for parent in value["parents"]}
        return sorted(set(self.known) - followed)

    def revocations(self):
        revoked = {}
        for action in self.said(3):
            heights = {one["conversation"]: one["height"] for one in action["heights"]}
            before = revoked.get(action["device"], heights)
            revoked[action["device"]] = {c: min(h, before[c]) for c, h in heights.items()
                                         if c in before}
        return revoked

    def state(self, now):
        names = [action["name"] for action in self.said(1)]
        certificates = {action["device"]: action for action in self.said(2)}
        revoked, devices = self.revocations(), []
        for device, certificate in sorted(certificates.items()):
            heights, prekey = revoked.get(device), bytes.fromhex(certificate["prekey"])
            retired = any(action["device"] == device for action in self.said(4))
            stated = None if heights is None else [
                {"conversation": c, "height": h} for c, h in sorted(heights.items())]
            devices.append({
                "device": device,
                "name": certificate["name"],
                "expires": certificate["expires"],
                "prekey": hash_("chinwag/prekey-in-vectors/1", prekey).hex(),
                "revoked": stated,
                "current": heights is None and not retired and now < certificate["expires"],
            })
        heads = self.heads()
        digest = hash_("chinwag/account-digest/1", bytes.fromhex("".join(heads)))
        return {"name": names[-1] if names else None, "devices": devices, "heads": heads,
                "digest": digest.hex()}


def read_introduction(data):
    """The operations of an introduction, each as its bytes, in their order."""
    reader = Reader(data)
    need(reader.take(20) == b"chinwag introduction", "not canonical")
    need(reader.number(1) == 1, "unknown")
    account, operations = reader.take(32).hex(), []
    for _ in range(reader.number(2)):
        begin = reader.at
        read_signed(reader)
        operations.append(data[begin:reader.at])
    reader.end()
    log, order = Account(account), []
    for operation in operations:
        log.add(operation)
        id_ = hash_("chinwag/operation-id/1", operation[:-64]).hex()
        order.append((log.known[id_]["height"], id_))
    need(all(a < b for a, b in zip(order, order[1:])), "not canonical")
    return account, operations


LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PREFIX = "chinwag1"


def base32(data):
    bits = "".join("{:08b}".format(byte) for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(LETTERS[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def from_base32(text):
    need(all(letter in LETTERS for letter in text), "wrong letter")
    bits = "".join("{:05b}".format(LETTERS.index(letter)) for letter in text)
    whole = len(bits) // 8 * 8
    need(len(bits) - whole < 5 and "1" not in bits[whole:], "damaged")
    return bytes(int(bits[i:i + 8], 2) for i in range(0, whole, 8))


def ticket_sum(data):
    return hash_("chinwag/ticket/1", data)[:4]


def ticket_text(data):
    return PREFIX + base32(data + ticket_sum(data))


def read_ticket_text(text):
    lower = {chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)}
    text = "".join(lower.get(c, c) for c in text if c not in WHITE)
    need(text.startswith(PREFIX), "no prefix")
    data = from_base32(text[len(PREFIX):])
    need(len(data) >= 4 and ticket_sum(data[:-4]) == data[-4:], "damaged")
    return data[:-4]


def read_address(reader):
    kind = reader.number(1)
    need(kind in (1, 4, 6), "unknown")
    if kind == 1:
        return {"kind": kind, "url": reader.text(reader.count(1, 200))}
    return {"kind": kind, "ip": reader.hex(4 if kind == 4 else 16), "port": reader.number(2)}


def write_address(value):
    out = number(value["kind"], 1)
    if value["kind"] == 1:
        return out + counted(value["url"].encode("utf-8"), 1)
    return out + bytes.fromhex(value["ip"]) + number(value["port"], 2)


def read_ticket(reader):
    reader.version(1)
    value = {"account": reader.key(), "device": reader.key(), "secret": reader.hex(16),
             "expires": reader.number(4)}
    value["addresses"] = [read_address(reader) for _ in range(reader.count(1, 8))]
    return value


def write_ticket(value):
    out = number(1, 1) + bytes.fromhex(value["account"] + value["device"] + value["secret"])
    out += number(value["expires"], 4) + number(len(value["addresses"]), 1)
    return out + b"".join(write_address(address) for address in value["addresses"])


# Groups: membership.md.

MEMBER, ADMIN, OWNER = 1, 2, 3
ENDLESS = 2 ** 64 - 1


def read_group_operation(reader):
    after = reader.set(reader.count(2, 256), lambda: reader.hex(32))
    kind = reader.number(2)
    action = {"kind": kind}
    if kind == 1:
        action["owners"] = reader.set(reader.count(1, 16), reader.key)
        need(action["owners"], "not canonical")
        action["name"], action["history"] = read_name(reader), reader.yes()
        action["lifetime"] = reader.number(4)
    elif kind == 2:
        action["account"], action["right"] = reader.key(), reader.number(1)
        need(action["right"] in (MEMBER, ADMIN), "unknown")
        action["history"] = reader.yes()
    elif kind == 3:
        action["account"], action["keeps"] = reader.key(), reader.yes()
        action["heights"] = [{"device": reader.key(), "height": reader.number(8)}
                             for _ in range(reader.count(2, 1000))]
        keys = [one["device"] for one in action["heights"]]
        need(all(a < b for a, b in zip(keys, keys[1:])), "not canonical")
        need(all(one["height"] > 0 for one in action["heights"]), "not canonical")
    elif kind == 4:
        action["account"], action["by"] = reader.key(), read_way(reader)
    elif kind == 5:
        action["key"], action["history"] = reader.key(), reader.yes()
        action["expiry"] = reader.number(4)
    elif kind == 6:
        action["ticket"] = reader.hex(32)
        action["joined"] = reader.set(reader.count(2, 1000), lambda: reader.hex(32))
    elif kind == 7:
        action["number"] = reader.number(2)
        value = reader.take(reader.count(2, 1024))
        action["value"] = read(value, read_setting, action["number"])
    else:
        action["bytes"] = reader.rest().hex()
    return {"after": after, "action": action}


def read_way(reader):
    way = reader.number(1)
    need(way <= 2, "unknown")
    if way == 1:
        return {"way": way, "grant": reader.hex(32)}
    if way == 2:
        return {"way": way, "ticket": reader.hex(32), "key": reader.key(), "proof": reader.hex(64)}
    return {"way": way}


def read_setting(reader, which):
    if which == 1:
        return reader.number(4)
    if which == 2:
        return read_name(reader)
    if which == 3:
        topic = reader.text(len(reader.data))
        need(len(reader.data) <= 512, "not canonical")
        need(topic == "" or (topic[0] not in WHITE and topic[-1] not in WHITE), "not canonical")
        need(not any(c < " " or "\x7f" <= c <= "\x9f" for c in topic), "not canonical")
        return topic
    if which == 4:
        return reader.yes()
    return reader.rest().hex()


def write_group_operation(value):
    out = number(len(value["after"]), 2) + bytes.fromhex("".join(value["after"]))
    action = value["action"]
    kind = action["kind"]
    out += number(kind, 2)
    if kind == 1:
        out += number(len(action["owners"]), 1) + bytes.fromhex("".join(action["owners"]))
        out += counted(action["name"].encode("utf-8"), 1)
        return out + yes(action["history"]) + number(action["lifetime"], 4)
    if kind == 2:
        out += bytes.fromhex(action["account"])
        return out + number(action["right"], 1) + yes(action["history"])
    if kind == 3:
        out += bytes.fromhex(action["account"]) + yes(action["keeps"])
        out += number(len(action["heights"]), 2)
        return out + b"".join(bytes.fromhex(one["device"]) + number(one["height"], 8)
                              for one in action["heights"])
    if kind == 4:
        by = action["by"]
        out += bytes.fromhex(action["account"]) + number(by["way"], 1)
        return out + bytes.fromhex("".join(by.get(field, "")
                                           for field in ("grant", "ticket", "key", "proof")))
    if kind == 5:
        out += bytes.fromhex(action["key"]) + yes(action["history"])
        return out + number(action["expiry"], 4)
    if kind == 6:
        out += bytes.fromhex(action["ticket"]) + number(len(action["joined"]), 2)
        return out + bytes.fromhex("".join(action["joined"]))
    if kind == 7:
        value = write_setting(action["number"], action["value"])
        return out + number(action["number"], 2) + counted(value, 2)
    return out + bytes.fromhex(action["bytes"])


def write_setting(which, value):
    if which == 1:
        return number(value, 4)
    if which == 2:
        return counted(value.encode("utf-8"), 1)
    if which == 3:
        return value.encode("utf-8")
    if which == 4:
        return yes(value)
    return bytes.fromhex(value)


def check_group_operation(group, author, body):
    """What an entry of a group says, if it is an operation of it."""
    value = read(body, read_body, 7)
    action = value["action"]
    if action["kind"] == 1:
        need(hash_("chinwag/group/1", body).hex() == group, "not proven")
    if action["kind"] == 4 and action["by"]["way"] == 2:
        who = bytes.fromhex(group + action["account"] + author)
        key, proof = bytes.fromhex(action["by"]["key"]), bytes.fromhex(action["by"]["proof"])
        need(is_signed("chinwag/group-join/1", key, who, proof), "not proven")
    return value


class Membership:
    """What a set of operations says together. Slow, and as near to the page as it can be."""

    def __init__(self, vector):
        self.limits = {(one["account"], one["device"]): one["limit"] for one in vector["devices"]}
        self.verdicts, self.creation = {}, None
        self.operations = {}
        for one in vector["operations"]:
            said = check_group_operation(vector["group"], one["author"], bytes.fromhex(one["body"]))
            self.operations[one["id"]] = dict(one, after=said["after"], **said["action"])
        self.sort_out()
        self.rights, self.spans = {}, []
        for level in (OWNER, ADMIN, MEMBER):
            self.settle(level)
        self.judge_the_rest()
        self.settle_settings()

    # What is looked at.

    def sort_out(self):
        self.account, self.looked_at = {}, {}
        authors = {one["author"] for one in self.operations.values()}
        for author in authors:
            log = sorted((one for one in self.operations.values() if one["author"] == author),
                         key=lambda one: (one["seq"], one["id"]))
            joins = [one for one in log[:4096] if one["kind"] == 4
                     and one["seq"] <= self.limits.get((one["account"], author), 0)]
            first = joins[0] if joins else None
            if first:
                self.account[author] = first["account"]
            joined = 0
            for at, one in enumerate(log):
                joined += one["kind"] == 4
                if one["kind"] == 1:
                    self.creation, verdict = one, "counts"
                elif at >= 4096 or (one["kind"] == 4 and joined > 256):
                    verdict = "too many"
                elif not first or one["seq"] < first["seq"]:
                    verdict = "not joined"
                elif one["seq"] > self.limits[first["account"], author]:
                    verdict = "cut off"
                elif one["kind"] == 4 and one["account"] != first["account"]:
                    verdict = "other account"
                else:
                    verdict = "unknown" if one["kind"] > 7 or one["kind"] == 0 else None
                    self.looked_at[one["id"]] = one
                if verdict:
                    self.verdicts[one["id"]] = verdict

    def of_kind(self, kind):
        return [one for one in self.looked_at.values() if one["kind"] == kind]

    def names(self, one, other):
        """Whether it names another operation, or one that is in the same log after that."""
        named = [self.looked_at[id_] for id_ in one["after"] if id_ in self.looked_at]
        return any(each["author"] == other["author"] and each["seq"] >= other["seq"]
                   and self.is_alike(one, each) for each in named)

    @staticmethod
    def is_alike(one, other):
        if one["kind"] == 7:
            return other["kind"] == 7 and other["number"] == one["number"]
        return other["kind"] == 3 and other["account"] == one["account"]

    def role(self, one, needed):
        """The role in which it is written, or why it is not at least in this one."""
        enough = [span for span in self.spans if span["device"] == one["author"]
                  and span["role"] >= needed and span["from"] <= one["seq"]]
        within = [span["role"] for span in enough if one["seq"] <= span["to"]]
        if within:
            return max(within), None
        lost = [span["ended_by"] for span in enough]
        return None, "lost by " + min(lost) if lost else "no right"

    # The three levels.

    def settle(self, level):
        given = self.given(level)
        for account in {right["account"] for right in given}:
            theirs = [right for right in given if right["account"] == account]
            removals = [one for one in self.of_kind(3) if one["account"] == account
                        and not (one["keeps"] and level == MEMBER)]
            own = [one for one in removals if self.account[one["author"]] == account]
            by_others = [one for one in removals if one not in own and level < OWNER
                         and self.role(one, level + 1)[0]]
            there = self.joined(level, theirs, by_others)
            for one in own:
                at_level = any(span["device"] == one["author"]
                               and span["from"] <= one["seq"] <= span["to"] for span in there)
                if at_level or (level < OWNER and self.role(one, level + 1)[0]):
                    by_others.append(one)
                    self.verdicts[one["id"]] = "counts"
            for right in theirs:
                ends = [one for one in by_others if not self.survives(right, one)]
                firsts = [min((one for one in ends if one["author"] == author),
                              key=lambda one: (one["seq"], one["id"]))
                          for author in {one["author"] for one in ends}]
                first = min(firsts, key=self.order, default={"id": None})["id"]
                right["ended_by"] = first
                self.rights[account, right["by"]] = right
                if right["by"] and self.operations[right["by"]]["kind"] == 2:
                    self.verdicts[right["by"]] = "ended by " + first if first else "counts"
            for right in theirs:
                right["spans"] = self.joined(level, [right], by_others)
        self.let_in([span for right in given for span in right["spans"]])

    @staticmethod
    def order(one):
        return one["rank"], one["seq"], one["id"]

    def given(self, level):
        if level == OWNER:
            owners = self.creation["owners"] if self.creation else []
            return [{"account": owner, "by": None, "role": level, "since": 0} for owner in owners]
        rights = []
        for one in self.of_kind(2):
            if one["right"] == level:
                role, verdict = self.role(one, level + 1)
                if role:
                    rights.append(self.right(one, one["history"], level))
                else:
                    self.verdicts[one["id"]] = verdict
        return rights + self.by_tickets() if level == MEMBER else rights

    @staticmethod
    def right(one, history, level):
        since = 0 if history else one["rank"]
        return {"account": one["account"], "by": one["id"], "role": level, "since": since}

    def by_tickets(self):
        good, revoked = {}, {}
        for one in self.of_kind(5) + self.of_kind(6):
            role, verdict = self.role(one, ADMIN)
            self.verdicts[one["id"]] = verdict or "counts"
            if role and one["kind"] == 5:
                good[one["id"]] = one
            elif role:
                revoked.setdefault(one["ticket"], []).append(one)
        rights = []
        for one in self.of_kind(4):
            ticket = good.get(one["by"].get("ticket"))
            if ticket and ticket["key"] == one["by"]["key"] and all(
                    one["id"] in each["joined"] for each in revoked.get(ticket["id"], [])):
                rights.append(self.right(one, ticket["history"], MEMBER))
        for id_ in good:
            if id_ in revoked:
                self.verdicts[id_] = "ended by " + min(revoked[id_], key=self.order)["id"]
        self.tickets = sorted(set(good) - set(revoked))
        return rights

    def survives(self, right, removal):
        if right["by"] is None:
            return False
        given_by = self.operations[right["by"]]
        own = self.account[removal["author"]] == right["account"]
        return self.names(given_by, removal) and (own or given_by["kind"] == 2)

    def joined(self, level, rights, removals):
        """Which parts of which logs count under these rights, by these removals."""
        spans = []
        for right in rights:
            for join in self.of_kind(4):
                by = {0: None, 1: join["by"].get("grant"), 2: join["id"]}[join["by"]["way"]]
                if join["account"] != right["account"] or by != right["by"]:
                    continue
                ends = []
                for one in removals:
                    if not self.survives(right, one):
                        heights = {each["device"]: each["height"] for each in one["heights"]}
                        own = one["author"] == join["author"]
                        left = one["seq"] if own else heights.get(join["author"], 0)
                        ends.append((left, one["id"]))
                to, ended_by = min(ends, default=(ENDLESS, None))
                spans.append({"device": join["author"], "join": join, "right": right, "role": level,
                              "from": join["seq"], "to": to, "ended_by": ended_by})
        return spans

    def let_in(self, spans):
        for span in sorted(spans, key=lambda span: self.order(span["join"])):
            there = [one for one in self.spans if one["device"] == span["device"]]
            if span["to"] < span["from"]:
                verdict = "lost by " + span["ended_by"]
            elif any(one["right"] is span["right"] for one in there):
                verdict = "joined before"
            elif not there and len({one["device"] for one in self.spans}) >= 1000:
                verdict = "no room"
                if span["right"]["by"] == span["join"]["id"]:
                    del self.rights[span["right"]["account"], span["right"]["by"]]
            else:
                self.spans.append(span)
                verdict = "counts"
            self.verdicts[span["join"]["id"]] = verdict

    def judge_the_rest(self):
        for one in self.of_kind(3):
            own = self.account[one["author"]] == one["account"]
            needed = MEMBER if own else OWNER if one["keeps"] else ADMIN
            self.verdicts.setdefault(one["id"], self.role(one, needed)[1] or "counts")
        for one in self.of_kind(4):
            self.verdicts.setdefault(one["id"], "not let in")

    # Settings.

    def settle_settings(self):
        created = self.creation or {"name": None, "history": None, "lifetime": 0}
        self.values = {1: created["lifetime"], 2: created["name"], 3: "", 4: created["history"]}
        self.latest = {}
        for which in sorted({one["number"] for one in self.of_kind(7)}):
            changes = [one for one in self.of_kind(7) if one["number"] == which]
            counted_ = []
            for one in changes:
                role, verdict = self.role(one, ADMIN)
                if role:
                    counted_.append(dict(one, role=role))
                self.verdicts[one["id"]] = verdict
            known, left = set(), list(counted_)
            while left:
                one = left.pop()
                for other in changes:
                    is_before = other["author"] == one["author"] and other["seq"] < one["seq"]
                    if other["id"] not in known and (is_before or self.names(one, other)):
                        known.add(other["id"])
                        left.append(other)
            latest = [one for one in counted_ if one["id"] not in known]
            for one in counted_:
                self.verdicts[one["id"]] = "outweighed" if one in latest else "replaced"
            self.latest[which] = sorted(one["id"] for one in latest)
            if latest:
                top = [one for one in latest if one["role"] == max(o["role"] for o in latest)]
                strict = {1: lambda v: v or ENDLESS, 4: lambda v: v}.get(which, lambda v: 0)
                least = min(strict(one["value"]) for one in top)
                holds = max((one for one in top if strict(one["value"]) == least), key=self.order)
                self.verdicts[holds["id"]] = "counts"
                self.values[which] = holds["value"]

    # What comes of it.

    def state(self):
        members, devices, removals = {}, [], {}
        for (account, by), right in self.rights.items():
            if right["ended_by"] is None:
                one = members.setdefault(account, {"account": account, "role": 0,
                                                   "since": ENDLESS, "joined": False})
                one["role"] = max(one["role"], right["role"])
                one["since"] = min(one["since"], right["since"])
        for device in sorted({span["device"] for span in self.spans}):
            spans = [span for span in self.spans if span["device"] == device]
            account = self.account[device]
            limit = self.limits[account, device]
            counts = []
            for low, high in sorted((span["from"], min(span["to"], limit)) for span in spans):
                if counts and low <= counts[-1][1] + 1:
                    counts[-1][1] = max(counts[-1][1], high)
                elif low <= high:
                    counts.append([low, high])
            role = max((span["role"] for span in spans if span["ended_by"] is None), default=None)
            if role and account in members:
                members[account]["joined"] = True
            devices.append({"device": device, "account": account, "counts": counts, "role": role})
        for one in self.of_kind(3):
            last = removals.setdefault(one["account"], {})
            if one["author"] not in last or (one["seq"], one["id"]) > last[one["author"]]:
                last[one["author"]] = one["seq"], one["id"]
        named = {id_ for one in self.looked_at.values() for id_ in one["after"]}
        named |= {one["ticket"] for one in self.of_kind(6)}
        named |= {one["by"][way] for one in self.of_kind(4) for way in ("grant", "ticket")
                  if way in one["by"]}
        grants = [{"account": account, "by": by, "role": right["role"], "since": right["since"],
                   "ended_by": right["ended_by"]}
                  for (account, by), right in sorted(self.rights.items(),
                                                     key=lambda item: (item[0][0], item[0][1] or ""))]
        return {
            "name": self.values[2], "topic": self.values[3], "history": self.values[4],
            "lifetime": self.values[1], "members": [members[key] for key in sorted(members)],
            "devices": devices, "grants": grants, "tickets": self.tickets,
            "verdicts": self.verdicts,
            "latest": [{"number": n, "by": by} for n, by in sorted(self.latest.items())],
            "removals": [{"account": account, "by": sorted(id_ for _, id_ in last.values())}
                         for account, last in sorted(removals.items())],
            "missing": sorted(named - set(self.operations)),
        }


def read_group_ticket(reader):
    reader.version(2)
    value = {"group": reader.hex(32), "ticket": reader.hex(32), "seed": reader.hex(32),
             "account": reader.key(), "device": reader.key(), "expires": reader.number(4)}
    value["addresses"] = [read_address(reader) for _ in range(reader.count(1, 8))]
    return value


def write_group_ticket(value):
    out = number(2, 1) + bytes.fromhex("".join(
        value[field] for field in ("group", "ticket", "seed", "account", "device")))
    out += number(value["expires"], 4) + number(len(value["addresses"]), 1)
    return out + b"".join(write_address(address) for address in value["addresses"])


# Messages between devices: session.md.

FRAME_MAX = 4194304


def read_range(reader):
    low, high = reader.number(8), reader.number(8)
    need(1 <= low <= high, "not canonical")
    return [low, high]


def read_ranges(reader):
    ranges = [read_range(reader) for _ in range(reader.count(1, 16))]
    need(ranges, "not canonical")
    need(all(a[1] + 1 < b[0] for a, b in zip(ranges, ranges[1:])), "not canonical")
    return ranges


def read_frontier(reader):
    authors = [{"author": reader.key(), "ranges": read_ranges(reader)}
               for _ in range(reader.count(2, 1000))]
    keys = [one["author"] for one in authors]
    need(all(a < b for a, b in zip(keys, keys[1:])), "not canonical")
    return authors


def read_entry(reader):
    start = reader.at
    read_header(reader)
    header = reader.data[start:reader.at].hex()
    return {"header": header, "body": reader.hex(reader.count(4, BODY_MAX)) if reader.yes() else None}


def read_sent_operation(reader):
    start = reader.at
    read_signed(reader)
    return reader.data[start:reader.at].hex()


def read_run(reader):
    entries = [read_entry(reader) for _ in range(reader.count(2, 1000))]
    return {"entries": entries, "signature": reader.hex(64)}


def read_wish(reader):
    wish = reader.number(1)
    need(wish <= 3, "unknown")
    if wish == 1:
        return {"wish": wish, "secret": reader.hex(16)}
    if wish == 2:
        return {"wish": wish, "text": reader.text(reader.count(2, 280))}
    if wish == 3:
        return {"wish": wish, "group": reader.hex(32), "ticket": reader.hex(32),
                "proof": reader.hex(64)}
    return {"wish": wish}


def write_wish(value):
    if value["wish"] == 1:
        return number(1, 1) + bytes.fromhex(value["secret"])
    if value["wish"] == 2:
        return number(2, 1) + counted(value["text"].encode("utf-8"), 2)
    if value["wish"] == 3:
        return number(3, 1) + bytes.fromhex(value["group"] + value["ticket"] + value["proof"])
    return number(0, 1)


def check_fork(a, b):
    """The first place at which two runs name different entries."""
    def names(run):
        first = read(bytes.fromhex(run["entries"][0]["header"]), read_header)
        base = {"seq": first["seq"] - 1, "id": first["backlink"], "rank": 0}
        check_run(dict(run, base=base))
        found = {base["seq"]: base["id"]} if base["seq"] else {}
        for at, entry in enumerate(run["entries"]):
            found[first["seq"] + at] = entry_id(bytes.fromhex(entry["header"])).hex()
        return found
    need(a["entries"] and b["entries"], "not canonical")
    need(all(one["body"] is None for one in a["entries"] + b["entries"]), "not canonical")
    in_a, in_b = names(a), names(b)
    both = [at for at in sorted(in_a) if at in in_b and in_a[at] != in_b[at]]
    need(both, "not canonical")
    need(in_a[both[0]] < in_b[both[0]], "not canonical")
    return both[0]


def read_message(reader):
    need(len(reader.data) <= FRAME_MAX, "over limit")
    kind = reader.number(1)
    value = {"message": kind}
    if kind == 1:
        value.update(version=reader.number(2), account=reader.key(), digest=reader.hex(32))
        value["wish"] = read_wish(reader)
    elif kind == 2:
        value["digest"] = reader.hex(32)
    elif kind == 3:
        value["is_last"] = reader.yes()
        value["operations"] = [read_sent_operation(reader) for _ in range(reader.count(2, 2000))]
    elif kind == 4:
        value["accounts"] = [{"account": reader.key(), "digest": reader.hex(32)}
                             for _ in range(reader.count(2, 4096))]
        keys = [one["account"] for one in value["accounts"]]
        need(all(a < b for a, b in zip(keys, keys[1:])), "not canonical")
    elif kind == 5:
        value.update(conversation=reader.hex(32), is_whole=reader.yes(), wants_answer=reader.yes())
        value["authors"] = read_frontier(reader)
        value["heads"] = [reader.hex(32) for one in value["authors"] if one["ranges"][0][0] == 1]
    elif kind == 6:
        value.update(conversation=reader.hex(32), author=reader.key(), range=read_range(reader))
    elif kind == 7:
        value.update(conversation=reader.hex(32), author=reader.key())
        value.update(read_run(reader))
    elif kind == 8:
        value.update(conversation=reader.hex(32), author=reader.key())
        whose = {"conversation": value["conversation"], "author": value["author"]}
        value["runs"] = [dict(whose, **read_run(reader)) for _ in range(2)]
        value["at"] = check_fork(*value["runs"])
    elif kind == 9:
        value["conversation"], value["authors"] = reader.hex(32), read_frontier(reader)
    elif kind == 10:
        value["conversation"], value["is_on"] = reader.hex(32), reader.yes()
    elif kind == 11:
        value["is_active"] = reader.yes()
    elif kind == 13:
        value["keys"] = [reader.hex(1216) for _ in range(reader.count(1, 32))]
        need(all(is_prekey(bytes.fromhex(key)) for key in value["keys"]), "bad key")
    elif kind == 14:
        value["conversation"] = reader.hex(32)
        value["author"] = reader.key() if reader.yes() else None
        value["is_on"] = reader.yes()
    elif kind != 12:
        raise Refused("unknown")
    return value


def write_range(value):
    return number(value[0], 8) + number(value[1], 8)


def write_message(value):
    out = number(value["message"], 1)
    if value["message"] == 1:
        out += number(value["version"], 2) + bytes.fromhex(value["account"] + value["digest"])
        return out + write_wish(value["wish"])
    if value["message"] == 2:
        return out + bytes.fromhex(value["digest"])
    if value["message"] == 3:
        out += yes(value["is_last"])
        return out + number(len(value["operations"]), 2) + bytes.fromhex("".join(value["operations"]))
    if value["message"] == 4:
        out += number(len(value["accounts"]), 2)
        return out + b"".join(bytes.fromhex(one["account"] + one["digest"])
                              for one in value["accounts"])
    if value["message"] == 11:
        return out + yes(value["is_active"])
    if value["message"] == 12:
        return out
    if value["message"] == 13:
        return out + number(len(value["keys"]), 1) + bytes.fromhex("".join(value["keys"]))
    out += bytes.fromhex(value["conversation"])
    if value["message"] == 5:
        out += yes(value["is_whole"]) + yes(value["wants_answer"])
        return out + write_frontier(value["authors"]) + bytes.fromhex("".join(value["heads"]))
    if value["message"] == 9:
        return out + write_frontier(value["authors"])
    if value["message"] == 10:
        return out + yes(value["is_on"])
    if value["message"] == 14:
        author = bytes.fromhex(value["author"] or "")
        return out + yes(value["author"] is not None) + author + yes(value["is_on"])
    out += bytes.fromhex(value["author"])
    if value["message"] == 6:
        return out + write_range(value["range"])
    if value["message"] == 8:
        return out + b"".join(map(write_run, value["runs"]))
    return out + write_run(value)


def write_frontier(authors):
    out = number(len(authors), 2)
    for one in authors:
        out += bytes.fromhex(one["author"]) + number(len(one["ranges"]), 1)
        out += b"".join(map(write_range, one["ranges"]))
    return out


def write_run(value):
    out = number(len(value["entries"]), 2)
    for entry in value["entries"]:
        out += bytes.fromhex(entry["header"]) + yes(entry["body"] is not None)
        if entry["body"] is not None:
            out += counted(bytes.fromhex(entry["body"]), 4)
    return out + bytes.fromhex(value["signature"])


# The checks.

class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def equal(self, what, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED %s: %.200r is not %.200r" % (what, found, expected))

    def does(self, what, function, expected):
        try:
            found = function()
        except Exception as error:  # what went wrong is the finding
            found = "%s: %s" % (type(error).__name__, error)
        self.equal(what, found, expected)

    def refuses(self, what, vector, function):
        try:
            found = "accepted: %.100r" % (function(),)
        except Refused as refused:
            found = str(refused)
        except Exception as error:  # a crash is no refusal
            found = "%s: %s" % (type(error).__name__, error)
        self.equal("%s: %s" % (what, vector["reason"]), found, vector["fault"])

    def codec(self, what, vector, data, decode, encode):
        what = "%s: %s" % (what, vector["name"])
        self.does(what + ", written", lambda: encode(vector["value"]), data)
        self.does(what + ", read", lambda: read(data, decode), vector["value"])


def bytes_of(written):
    if isinstance(written, str):
        return bytes.fromhex(written)
    return bytes.fromhex(written["bytes"]) + bytes.fromhex(written["then"]) * written["times"]


def spelled_out(value):
    """A value without abbreviation: the longest text is one letter so many times."""
    if isinstance(value, dict):
        if set(value) == {"then", "times"}:
            return value["then"] * value["times"]
        return {name: spelled_out(part) for name, part in value.items()}
    return value


def check_keys(check, keys):
    for key in keys:
        public = public_of(bytes.fromhex(key["seed"]))
        check.equal("key of " + key["name"], public.hex(), key["public"])


def check_log(check, file):
    check_keys(check, file["keys"])
    for v in file["direct"]:
        found = direct(bytes.fromhex(v["a"]), bytes.fromhex(v["b"]))
        check.equal("direct", found.hex(), v["id"])
    for v in file["bodies"]:
        data, kind = bytes_of(v["bytes"]), v["kind"]
        v["value"] = spelled_out(v["value"])
        check.codec("body", v, data, lambda r: read_body(r, kind), lambda x: write_body(kind, x))
        check.equal("body hash: " + v["name"], hash_("chinwag/body/1", data).hex(), v["hash"])
    for v in file["invalid_bodies"]:
        check.refuses("body", v, lambda: read(bytes_of(v["bytes"]), read_body, v["kind"]))
    for v in file["headers"]:
        data = bytes_of(v["bytes"])
        check.codec("header", v, data, read_header, write_header)
        check.equal("entry id: " + v["name"], entry_id(data).hex(), v["id"])
    for v in file["invalid_headers"]:
        check.refuses("header", v, lambda: read(bytes_of(v["bytes"]), read_header))
    for v in file["runs"]:
        check.does("run: " + v["name"], lambda: check_run(v), v["head"])
    for v in file["invalid_runs"]:
        check.refuses("run", v, lambda: check_run(v))


def check_identity(check, file):
    check_keys(check, file["keys"])
    operations = {v["name"]: bytes_of(v["bytes"]) for v in file["operations"]}

    def account(v, names):
        log = Account(v["account"])
        for name in names:
            log.add(operations[name])
        return log

    for v in file["operations"]:
        data = operations[v["name"]]
        check.codec("operation", v, data[:-64], read_operation, write_operation)
        check.equal("signature of " + v["name"], data[-64:].hex(), v["signature"])
        id_ = hash_("chinwag/operation-id/1", data[:-64])
        check.equal("operation id: " + v["name"], id_.hex(), v["id"])
    for v in file["invalid_operations"]:
        check.refuses("operation", v, lambda: read(bytes_of(v["bytes"]), read_signed))
    for v in file["logs"]:
        expected = {name: v[name] for name in ("name", "devices", "heads", "digest")}
        what = "account log: " + ", ".join(v["operations"])
        check.does(what, lambda: account(v, v["operations"]).state(v["now"]), expected)
    for v in file["refused"]:
        check.refuses("operation", v, lambda: account(v, v["known"]).add(bytes_of(v["bytes"])))
    for v in file["introductions"]:
        expected = v["account"], [operations[name] for name in v["operations"]]
        found = lambda: read_introduction(bytes_of(v["bytes"]))
        check.does("introduction: " + v["name"], found, expected)
    for v in file["invalid_introductions"]:
        check.refuses("introduction", v, lambda: read_introduction(bytes_of(v["bytes"])))


def check_membership(check, file):
    check_keys(check, file["keys"])
    for v in file["bodies"]:
        data = bytes_of(v["bytes"])
        check.codec("operation", v, data, lambda r: read_body(r, 7), lambda x: write_body(7, x))
        check.equal("body hash: " + v["name"], hash_("chinwag/body/1", data).hex(), v["hash"])
    for v in file["invalid_bodies"]:
        check.refuses("operation", v, lambda: read(bytes_of(v["bytes"]), read_body, 7))
    for v in file["groups"]:
        check.does("group: " + v["name"], lambda: Membership(v).state(), v["state"])
    for v in file["not_proven"]:
        found = lambda: check_group_operation(v["group"], v["author"], bytes.fromhex(v["body"]))
        if v["fault"]:
            check.refuses("operation", v, found)
        else:
            check.does("proven", lambda: found()["action"]["kind"], 4)
    for v in file["tickets"]:
        data = bytes_of(v["bytes"])
        check.codec("group ticket", v, data, read_group_ticket, write_group_ticket)
        check.equal("group ticket text: " + v["name"], ticket_text(data), v["text"])
    for v in file["invalid_tickets"]:
        found = lambda: read(read_ticket_text(v["text"]), read_group_ticket)
        check.refuses("group ticket", v, found)


def check_ticket(check, file):
    for v in file["tickets"]:
        data = bytes_of(v["bytes"])
        check.codec("ticket", v, data, read_ticket, write_ticket)
        check.equal("ticket text: " + v["name"], ticket_text(data), v["text"])
        check.does("ticket read: " + v["name"], lambda: read_ticket_text(v["text"]), data)
    for v in file["pasted"]:
        found = lambda: read_ticket_text(v["text"]).hex()
        check.does("pasted: " + v["name"], found, v["bytes"])
    for v in file["invalid"]:
        check.refuses("ticket", v, lambda: read(read_ticket_text(v["text"]), read_ticket))


def check_session(check, file):
    for v in file["messages"]:
        check.codec("message", v, bytes_of(v["bytes"]), read_message, write_message)
    for v in file["invalid"]:
        check.refuses("message", v, lambda: read(bytes_of(v["bytes"]), read_message))


def check_crypto(check, vectors, edges):
    def verifies(v):
        public, message = bytes.fromhex(v["public"]), bytes.fromhex(v["message"])
        return is_signed(v["label"], public, message, bytes.fromhex(v["signature"]))

    for v in vectors["hashing"]:
        check.equal("hash", hash_(v["label"], bytes.fromhex(v["bytes"])).hex(), v["hash"])
    for v in vectors["signing"]:
        check.equal("signature", verifies(v), True)
    for v in vectors["sealing"]:
        check.equal("prekey", is_prekey(bytes.fromhex(v["public"])), True)
    for v in vectors["safety_numbers"]:
        number_ = safety_number(bytes.fromhex(v["a"]), bytes.fromhex(v["b"]))
        check.equal("safety number", number_, v["digits"])
    for v in edges["refused_keys"]:
        check.equal("key: " + v["note"], point(bytes.fromhex(v["key"])), None)
    for v in edges["refused_signatures"]:
        check.equal("signature: " + v["note"], verifies(v), False)
    for v in edges["accepted_signatures"]:
        check.equal("signature: " + v["note"], verifies(v), True)


def main(arguments):
    crates = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    folder = arguments[0] if arguments else os.path.join(
        crates, "..", "docs", "protocol", "vectors")
    crypto = arguments[1] if len(arguments) > 1 else os.path.join(
        crates, "chinwag-crypto", "testdata")

    def load(where, name):
        with open(os.path.join(where, name + ".json"), encoding="utf-8") as file:
            return json.load(file)

    check = Checks()
    check_crypto(check, load(crypto, "vectors"), load(crypto, "edges"))
    check_log(check, load(folder, "log"))
    check_identity(check, load(folder, "identity"))
    check_membership(check, load(folder, "membership"))
    check_ticket(check, load(folder, "ticket"))
    check_session(check, load(folder, "session"))
    print("%d passed, %d failed" % (check.passed, check.failed))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
