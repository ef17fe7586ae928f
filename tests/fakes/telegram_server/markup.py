"""Telegram's HTML: which tags it takes, and the text that remains of them."""

from __future__ import annotations

from html.parser import HTMLParser

#: Tags that the Bot API documents for HTML style.
_TAGS = frozenset(
    "b strong i em u ins s strike del a code pre span tg-spoiler tg-emoji blockquote".split()
)


class MarkupInvalid(Exception):
    """Telegram would answer 400: can't parse entities."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise MarkupInvalid(f'Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise MarkupInvalid(f'Unmatched end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise MarkupInvalid("Unsupported start tag")

    def handle_decl(self, decl: str) -> None:
        raise MarkupInvalid("Unsupported start tag")


def plain_text(html: str) -> str:
    """Return what people read of ``html``.

    Raises:
        MarkupInvalid: a tag is unknown, unclosed or out of order.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open:
        raise MarkupInvalid(f'Can\'t find end tag corresponding to start tag "{reader.open[-1]}"')
    return reader.text
