"""Small manners of written Chinese, for texts that people read."""

from datetime import date

NUMERALS = "一二三四五六七八九十"
LONGEST = 300


def quoted(text: str) -> str:
    """Between quotation marks; those inside become the inner ones, and nothing is longer than a few lines."""
    text = text.replace("“", "‘").replace("”", "’")
    return f"“{text if len(text) <= LONGEST else text[:LONGEST] + '……'}”"


def ended(text: str) -> str:
    """With a full stop at its end, unless whoever wrote it has put one there or another mark that ends a sentence."""
    return text if text[-1] in "。！？…；.!?" else f"{text}。"


def day(one: date) -> str:
    return f"{one.year}年{one.month}月{one.day}日"


def numeral(number: int) -> str:
    """Up to 99, as headings are numbered."""
    tens, ones = divmod(number, 10)
    ten = ("" if tens == 1 else NUMERALS[tens - 1]) + "十" if tens else ""
    return ten + (NUMERALS[ones - 1] if ones else "")
