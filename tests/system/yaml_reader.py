"""Reads the YAML that shadow trees hold, by itself: block mappings and sequences, plain and quoted scalars, !!binary.

load(bytes) returns dicts, lists and scalars; scalars stay bytes, with numbers() turning a tree's numbers into ints.
Anything else YAML knows is an error here, and so is a repeated key.
"""
import base64
import re

ESCAPES = {b'0': 0, b'a': 7, b'b': 8, b't': 9, b'n': 10, b'v': 11, b'f': 12, b'r': 13, b'e': 27, b' ': 32, b'"': 34,
           b'/': 47, b'\\': 92, b'N': 0x85, b'_': 0xa0, b'L': 0x2028, b'P': 0x2029}
KEY = re.compile(rb'([A-Za-z_.][\w.]*):(?: +|$)')


class Error(ValueError):
    pass


def load(text):
    """The one document in `text`."""
    lines = [line for line in text.split(b'\n')]
    if lines and lines[0] == b'---':
        lines[0] = b''
    body = [(number, line) for number, line in enumerate(lines, 1)
            if line.strip() and not line.lstrip().startswith(b'#')]
    if body and body[-1][1] == b'...':
        body.pop()
    reader = _Reader(body)
    value = reader.block(0)
    if reader.at < len(body):
        raise Error(f'line {body[reader.at][0]}: {body[reader.at][1]!r}')
    return value


def number(scalar):
    """Decimal, 0x hex, or octal with a leading 0 as upstream writes modes; signed."""
    if re.fullmatch(rb'-?(0|[1-9][0-9]*)', scalar):
        return int(scalar)
    if re.fullmatch(rb'0x[0-9a-f]+', scalar):
        return int(scalar, 16)
    if re.fullmatch(rb'0[0-7]+', scalar):
        return int(scalar, 8)
    raise Error(f'not a number: {scalar!r}')


class _Reader:
    def __init__(self, lines):
        self.lines, self.at = lines, 0

    def peek(self):
        """(indent, rest of the line) of the next line, or None."""
        if self.at == len(self.lines):
            return None
        line = self.lines[self.at][1]
        rest = line.lstrip(b' ')
        return len(line) - len(rest), rest

    def block(self, least):
        here = self.peek()
        if here is None or here[0] < least:
            raise Error(f'a value is missing before line {self.at + 1}')
        return self.sequence(here[0]) if here[1].startswith(b'- ') else self.mapping(here[0])

    def mapping(self, indent):
        found = {}
        while (here := self.peek()) and here[0] == indent and not here[1].startswith(b'- '):
            match = KEY.match(here[1])
            if not match or match[1] in found:
                raise Error(f'line {self.lines[self.at][0]}: no key, or one seen before: {here[1]!r}')
            found[match[1].decode()] = None
            rest = here[1][match.end():]
            found[match[1].decode()] = self.value(rest, indent)
        return found

    def value(self, rest, indent):
        if rest:
            return self.scalar(rest)
        self.at += 1
        here = self.peek()
        if here and here[1].startswith(b'- ') and here[0] >= indent:
            return self.sequence(here[0])
        return self.block(indent + 1)

    def sequence(self, indent):
        found = []
        while (here := self.peek()) and here[0] == indent and here[1].startswith(b'- '):
            number_, line = self.lines[self.at]
            inner = b' ' * (indent + 2) + line[indent + 2:].lstrip(b' ')
            if KEY.match(inner.strip()):
                self.lines[self.at] = (number_, inner)
                found.append(self.mapping(indent + 2))
            else:
                found.append(self.scalar(inner.strip()))
        return found

    def scalar(self, rest):
        """A scalar that starts with `rest`; quoted ones may go on over lines, folded into blanks."""
        binary = rest.startswith(b'!!binary ')
        rest = rest[9:].lstrip() if binary else rest
        self.at += 1
        if rest[:1] in (b"'", b'"'):
            value = self.quoted(rest)
        elif rest[:1] in (b'&', b'*', b'!', b'[', b'{', b'|', b'>', b'%', b'@', b'`'):
            raise Error(f'not in the shadow format: {rest!r}')
        else:
            value = re.split(rb' +#', rest.rstrip())[0]
        return base64.b64decode(value, validate=True) if binary else value

    def quoted(self, text):
        quote = text[:1]
        closed = re.compile(rb"'(?:[^']|'')*'\s*(#.*)?" if quote == b"'" else rb'"(?:[^"\\]|\\.)*"\s*(#.*)?', re.DOTALL)
        while not closed.fullmatch(text):
            if self.at == len(self.lines):
                raise Error(f'a quote is not closed: {text!r}')
            more = self.lines[self.at][1].strip()
            broken = text.endswith(b'\\') and not text.endswith(b'\\\\')
            text = text[:-1] + more if broken else text.rstrip() + b' ' + more
            self.at += 1
        inner = text[1:text.rindex(quote)]
        return inner.replace(b"''", b"'") if quote == b"'" else _unescape(inner)


def _unescape(text):
    def one(match):
        if match[1]:
            return chr(int(match[1][1:], 16)).encode('utf-8')
        if match[2] not in ESCAPES:
            raise Error(f'escape \\{match[2]!r}')
        return chr(ESCAPES[match[2]]).encode('utf-8')
    return re.sub(rb'\\(?:(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})|(.))', one, text, flags=re.DOTALL)
