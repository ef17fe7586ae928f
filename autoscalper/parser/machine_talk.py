"""Recognises posts that speak to a program instead of to people. Pure.

Traders tell people what they trade. A post that says how it wants to be read, that imitates
instructions or a program's own notation, opens nothing, whatever else stands in it.
"""

from __future__ import annotations

import re

from autoscalper.parser.grammar.normalise import normalise

#: Whom such a post speaks to. "AI" in capitals is a ticker, and "BOT" is bought.
_MACHINES = (
    r"\b(?:language model|llms?|chat ?gpt|gpt-?[0-9]|openai|anthropic|claude|assistant|sudo)\b",
    r"\b(?:auto ?scalper|parser|parsing|classifier|prompts?|json|schema|jailbreak|root mode)\b",
    r"\b(?:guardrails?|chatbots?|deed|base64|rot13|api[_ ]?key)\b",
    r"(?:dear|hey|hello|attention|note to|message for|to the)\s+(?:\w+\s+){0,2}"
    r"(?:bots?|ai|model|reader|program|machine|algorithm|trading system|robot)\b",
    r"\b(?:bots?|robots?|algorithms?)\s+"
    r"(?:must|should|shall|will now|reading|please|have to|need to)\b",
    r"\bthe (?:bot|ai|model|program|system|reader|algo)\s+"
    r"(?:must|should|shall|has to|needs to|is to)\b",
)
#: What such a post asks for: another way to be read.
_WISHES = (
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\s+(?:\w+\s+){0,4}"
    r"(?:instructions?|rules?|checks?|limits?|filters?|guards?|directions|guidelines|above)\b",
    r"\b(?:previous|prior|above|earlier|new|special|following|system|hidden|secret)\s+"
    r"(?:instructions?|rules|directives?)\b",
    r"\b(?:you are now|act as|pretend|behave as|role ?play(?: as)?)\s+(?:an?\b|the\b|in\b|to be\b)",
    r"\byou are an?\s+(?:\w+\s+){0,2}(?:bot|ai|model|program|system|reader|parser|machine)\b",
    r"\b(?:respond|reply|answer|output|return|emit|report)\s+(?:only\s+)?"
    r"(?:with|as|in|this|that|the following|enter|exit|trim|add)\b",
    r"\b(?:classify|interpret|treat|read|parse|count|label|mark|consider)\s+"
    r"(?:(?:this|it|these|that|the|next|post|message|following|line|everything)\s+){1,4}as\b",
    r"\b(?:developer|debug|admin|god|test|maintenance|unrestricted)\s+mode\b",
    r"\bsystem\s*(?:prompt|message|override|notice|alert|command|:)",
    r"\b(?:correct|expected|right|required|desired|only valid)\s+"
    r"(?:answer|output|reading|response)\b",
    r"\bconfidence\s*[:=]\s*[0-9.]",
)
#: What programs write to one another.
_NOTATION = (
    r"\{\s*\"|\"\s*:\s*[\"{\[0-9tfn]|<\||\|>|\[/?(?:inst|system|sys)\]",
    r"</?(?:system|user|assistant|instructions?|post|tool|im_start|im_end|prompt|s)>",
    r"#{2,}\s*(?:system|instruction|task|new|end|user)",
    r"\b(?:underlying|strike|right|expiry|action|symbol|side)\s*=\s*\"?[\w$]",
    r"\b(?:human|tool|ai)\s*:\s|\bbegin system|\bend of (?:post|message|prompt|data|input)\b",
    r"\\u[0-9a-f]{4}|&#x?[0-9a-f]+;",
)
_OTHER_LANGUAGES = (
    "指令|提示词|提示詞|语言模型|語言模型|大模型|机器人|機器人|助手|忽略以上|忽略之前",
    "无视|無視|系统提示|系統提示|输出|輸出",
    r"\b(?:ignora\w*|ignorez|ignoriere|instrucciones|anweisungen|instruções)\b",
)
_MACHINE_TALK = re.compile("|".join((*_MACHINES, *_WISHES, *_NOTATION, *_OTHER_LANGUAGES)))


def speaks_to_machines(text: str) -> bool:
    """Return whether a post tries to tell a program how to read it."""
    # Both: the plain text has no markup, and markup is what some of these are made of.
    return any(
        _MACHINE_TALK.search(" ".join(each.lower().split())) is not None
        for each in (text, normalise(text)[0])
    )
