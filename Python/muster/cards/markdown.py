"""Renders the part of Markdown that cards use: headings, paragraphs, lists, quotes, rules, code, emphasis and links."""

import re
from html import escape


def render(text):
    """Returns HTML. Text in other notations is left as it is."""
    blocks, lines = [], text.expandtabs(4).split("\n")
    # A text that is indented like the code around it is no code block.
    margins = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(margins) if margins else 0
    lines = [line[margin:] for line in lines]
    while lines:
        line = lines.pop(0)
        if not line.strip():
            continue
        if line.lstrip().startswith("```"):
            blocks.append(f"<pre>{escape(chr(10).join(_until_fence(lines)))}</pre>")
        elif re.match(r"#{1,6} ", line):
            level = len(line) - len(line.lstrip("#"))
            blocks.append(f"<h{level}>{_inline(line[level:].strip())}</h{level}>")
        elif re.fullmatch(r"\s*([-*_])\s*(\1\s*){2,}", line):
            blocks.append("<hr>")
        elif _ITEM.match(line):
            blocks.append(_list(line, lines))
        elif line.startswith(">"):
            quoted = [line, *_while(lines, lambda each: each.startswith(">"))]
            blocks.append(f"<blockquote>{render(chr(10).join(each.lstrip('> ') for each in quoted))}</blockquote>")
        else:
            rest = _while(lines, lambda each: each.strip() and not re.match(r"#{1,6} |```|>", each) and not _ITEM.match(each))
            blocks.append(f"<p>{_inline(chr(10).join([line, *rest]))}</p>")
    return "\n".join(blocks)


_ITEM = re.compile(r"\s*([-*+]|\d+[.)]) +")


def _while(lines, belongs):
    taken = []
    while lines and belongs(lines[0]):
        taken.append(lines.pop(0))
    return taken


def _until_fence(lines):
    taken = _while(lines, lambda line: not line.lstrip().startswith("```"))
    if lines:
        lines.pop(0)
    return taken


def _list(line, lines):
    items = [line, *_while(lines, _ITEM.match)]
    kind = "ol" if _ITEM.match(line).group(1)[0].isdigit() else "ul"
    return f"<{kind}>" + "".join(f"<li>{_inline(_ITEM.sub('', each, count=1))}</li>" for each in items) + f"</{kind}>"


def _inline(text):
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(f"<code>{escape(part[1:-1])}</code>" if part.startswith("`") and len(part) > 1 else _emphasis(part) for part in parts)


def _emphasis(text):
    text = escape(text)
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+|#[^)\s]*|mailto:[^)\s]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)", r"<i>\1</i>", text)
    return text.replace("  \n", "<br>\n")
