"""Tokens of Move source, found by one regular expression.

A token's kind is its text for keywords and punctuation, and one of the names below for the rest. What
cannot be a token gives a diagnostic that waits beside the next real token: the parser raises it when it
gets there, so that errors come in the order of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .. import codes
from ..diagnostics import Diagnostic, diag
from ..editions import Edition, Feature, feature_error
from ..source import Loc, SourceFile

EOF = "[end-of-file]"
NUM = "[Num]"
NUM_TYPED = "[NumTyped]"
BYTES = "[ByteString]"
ID = "[Identifier]"
SYNTAX_ID = "[SyntaxIdentifier]"
ESCAPED_ID = "r#[Identifier]"
LABEL = "'[Identifier]"
AMP_MUT = "&mut"

KEYWORDS = frozenset(
    {
        *("abort", "acquires", "as", "break", "const", "continue", "copy", "else", "false", "friend", "fun"),
        *("if", "invariant", "let", "loop", "module", "move", "native", "public", "return", "spec"),
        *("struct", "true", "use", "while"),
    }
)
KEYWORDS_2024 = frozenset({"mut", "enum", "type", "match", "for"})

_TOKEN = re.compile(
    r"""(?P<skip>(?:[ \t\n]+|\r\n|//[^\n]*)+)
    |(?P<comment>/\*)
    |(?P<bytes>[xb]"(?:\\[^\n]|[^"\\\n])*")
    |(?P<openbytes>[xb]"[^\n]*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<num>0x[0-9a-fA-F_]+|[0-9][0-9_]*)(?P<suffix>u(?:8|16|32|64|128|256))?
    |(?P<mut>&mut\x20)
    |(?P<punct><==>|==>|=>|==|!=|<=|<<|>=|>>|&&|\|\||::|\.\.|->|[-%()\[\]*+,/;^{}\#@&|=!<>:.])
    |(?P<syntax>\$[A-Za-z_][A-Za-z0-9_]*)
    |(?P<escaped>`(?:[A-Za-z_][A-Za-z0-9_]*)?`?)
    |(?P<quote>'(?:[A-Za-z_][A-Za-z0-9_]*)?)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_MAX_UNCLOSED = 100
"""After so many comments without an end the rest of a file is not looked at: each search reads all of it."""

_COMMENT_EDGE = re.compile(r"/\*|\*/")
_LINE_COMMENT = re.compile(r"//[^\n]*")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202a-\u202e\u202f"
    "\u205f\u2066-\u2069\u3000]"
)


@dataclass(slots=True)
class DocComment:
    """A documentation comment and where it stands."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Tokens:
    """The tokens of a file in parallel lists; the last is always EOF."""

    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    errors: dict[int, Diagnostic] = field(default_factory=dict)
    """Index of a token to what was wrong just before it."""
    docs: dict[int, list[DocComment]] = field(default_factory=dict)
    """Index of a token to the documentation comments in front of it."""


def check_characters(file: SourceFile) -> Diagnostic | None:
    """A diagnostic for the first character that no source may contain."""
    found = _FORBIDDEN.search(file.text)
    if found is None:
        return None
    at = found.start()
    message = (
        f"Invalid character {found.group()!a} found when reading file. For ASCII, only printable "
        "characters (tabs '\\t', lf '\\n' and crlf '\\r'+'\\n') are permitted. Unicode can be used in "
        "comments and string literals, excluding certain control characters."
    )
    return diag(codes.Syntax.InvalidCharacter, (Loc(file.id, at, at), message))


class _Lexer:
    def __init__(self, file: SourceFile, edition: Edition) -> None:
        self.file = file.id
        self.text = file.text
        self.edition = edition
        self.labels = edition.supports(Feature.BLOCK_LABELS)
        self.arrows = edition.supports(Feature.ENUMS)
        self.keywords = KEYWORDS
        if edition.supports(Feature.MOVE_2024_KEYWORDS):
            self.keywords = KEYWORDS | KEYWORDS_2024
        self.tokens = Tokens()
        self.unclosed = 0

    def run(self) -> Tokens:
        text, tokens, keywords = self.text, self.tokens, self.keywords
        add_kind, add_start, add_end = tokens.kinds.append, tokens.starts.append, tokens.ends.append
        match = _TOKEN.match
        position, size = 0, len(text)
        while position < size:
            found = match(text, position)
            if found is None:
                break
            group, end = found.lastgroup, found.end()
            if group == "skip":
                if "///" in found.group():
                    self.line_docs(position, end)
                position = end
                continue
            if group == "name":
                word = found.group()
                add_kind(word if word in keywords else ID)
            elif group == "punct":
                if found.group() == "=>" and not self.arrows:
                    end -= 1
                add_kind(text[position:end])
            elif group == "num":
                add_kind(NUM)
            elif group == "suffix":
                add_kind(NUM_TYPED)
            elif group == "bytes":
                add_kind(BYTES)
            elif group == "mut":
                add_kind(AMP_MUT)
            elif group == "syntax":
                add_kind(SYNTAX_ID)
            else:
                position = self.unusual(str(group), position, end)
                continue
            add_start(position)
            add_end(end)
            position = end
        tokens.kinds.append(EOF)
        tokens.starts.append(size)
        tokens.ends.append(size)
        return tokens

    def push(self, kind: str, start: int, end: int) -> int:
        self.tokens.kinds.append(kind)
        self.tokens.starts.append(start)
        self.tokens.ends.append(end)
        return end

    def fail(self, item: Diagnostic) -> None:
        self.tokens.errors.setdefault(len(self.tokens.kinds), item)

    def line_docs(self, start: int, end: int) -> None:
        for comment in _LINE_COMMENT.finditer(self.text, start, end):
            line = comment.group()
            if line.startswith("///") and not line.startswith("////"):
                self.add_doc(comment.start(), comment.end(), line[3:].rstrip("\r"))

    def add_doc(self, start: int, end: int, text: str) -> None:
        docs = self.tokens.docs.setdefault(len(self.tokens.kinds), [])
        docs.append(DocComment(start, end, text))

    def unusual(self, group: str, start: int, end: int) -> int:
        """Comments with `/*`, labels, and what is wrong; gives where to go on."""
        text, loc = self.text, Loc(self.file, start, end)
        if group == "comment":
            return self.block_comment(start)
        if group == "openbytes":
            is_hex = text[start] == "x"
            code = codes.Syntax.InvalidHexString if is_hex else codes.Syntax.InvalidByteString
            self.fail(diag(code, (loc, 'Missing closing quote (") after byte string')))
            return end
        if group == "escaped":
            if end - start > 2 and text[end - 1] == "`":
                return self.push(ESCAPED_ID, start, end)
            message = "Missing closing backtick (`) for restricted identifier escaping"
            self.fail(diag(codes.Syntax.InvalidRestrictedIdentifier, (loc, message)))
            return end
        if group == "quote":
            return self.quote(start, end)
        here = Loc(self.file, start, start)
        if text[start] == "$":
            message = "Expected an identifier following '$', e.g. '$x'"
            self.fail(diag(codes.Syntax.UnexpectedToken, (here, message)))
        else:
            message = f"Unexpected character: '{text[start]}'"
            self.fail(diag(codes.Syntax.InvalidCharacter, (here, message)))
        return end

    def quote(self, start: int, end: int) -> int:
        text = self.text
        loc = Loc(self.file, start, end)
        if text.startswith("'", end):
            wide = Loc(self.file, start, end + 1)
            if self.labels:
                message = "Single-quote (') may only prefix control flow labels"
                note = 'Character literals are not supported, and string literals use double-quote (").'
            else:
                message, note = (
                    "Character literals are not supported",
                    'String literals use double-quote (").',
                )
            self.fail(diag(codes.Syntax.UnexpectedToken, (wide, message), notes=[note]))
            return end
        named = end - start > 1
        if self.labels:
            if named:
                return self.push(LABEL, start, end)
            self.fail(diag(codes.Syntax.UnexpectedToken, (loc, "Invalid control flow label")))
        elif named and (text.startswith(":", end) or text.startswith(" {", end)):
            self.fail(feature_error(self.edition, Feature.BLOCK_LABELS, loc))
        else:
            self.fail(diag(codes.Syntax.InvalidCharacter, (loc, "Unexpected character (')")))
        return end

    def block_comment(self, start: int) -> int:
        text = self.text
        opened: list[int] = []
        position = start
        while True:
            edge = _COMMENT_EDGE.search(text, position)
            if edge is None:
                return self.unclosed_comment(start, opened[-1])
            position = edge.end()
            if edge.group() == "/*":
                opened.append(edge.start())
            else:
                opened.pop()
            if not opened:
                break
        if text.startswith("/**", start) and not text.startswith("/***", start) and position - start > 4:
            self.add_doc(start, position, text[start + 3 : position - 2])
        return position

    def unclosed_comment(self, start: int, opened: int) -> int:
        """A comment without end: the innermost is to blame. In front of everything, nothing is read."""
        loc = Loc(self.file, opened, opened + 2)
        if not self.tokens.kinds:
            self.tokens.docs.clear()
            self.unclosed = _MAX_UNCLOSED
        self.fail(diag(codes.Syntax.InvalidDocComment, (loc, "Unclosed block comment")))
        self.unclosed += 1
        if self.unclosed > _MAX_UNCLOSED:
            return len(self.text)
        space = re.compile(r"\s").search(self.text, start)
        return space.start() if space is not None else len(self.text)


def lex(file: SourceFile, edition: Edition) -> Tokens:
    """Split a file into tokens."""
    return _Lexer(file, edition).run()
